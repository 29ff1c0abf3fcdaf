using System.Security.Claims;
using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Access;

internal static class TestAccess
{
    /// <summary>A connection's access by these rules alone.</summary>
    public static ConnectionAccess Of(string userId, AccessOptions? options = null, params (string Type, string Value)[] claims)
    {
        var settings = Options.Create(options ?? new AccessOptions());
        var sources = new AccessSources(AccessRules.Read(settings.Value), new AccessAnswers(null!, settings, TimeProvider.System), settings);
        var renewals = new AccessRenewals(TimeProvider.System, NullLogger<AccessRenewals>.Instance);
        var table = new AccessTable(sources, null!, renewals, new AccessMetrics(NoMeters.Instance), TimeProvider.System);
        return new ConnectionAccess(new UserAccess(userId, null!), sources, table, Principal(claims));
    }

    /// <summary>The right to do everything in a topic.</summary>
    public static TopicAccess All(Topic topic) => new(topic) { Now = Rights.All };

    public static ClaimsPrincipal Principal(params (string Type, string Value)[] claims) =>
        new(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value)), "test"));
}
