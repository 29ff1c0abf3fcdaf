using System.Security.Claims;
using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Tests.Support;

namespace Chat.Tests.Access;

internal static class TestAccess
{
    /// <summary>A connection's access by these rules alone.</summary>
    public static ConnectionAccess Of(string userId, AccessOptions? options = null, params (string Type, string Value)[] claims)
    {
        var sources = new AccessSources(AccessRules.Read(options ?? new AccessOptions()));
        var table = new AccessTable(sources, null!, new AccessMetrics(NoMeters.Instance));
        return new ConnectionAccess(new UserAccess(userId, null!), sources, table, Principal(claims));
    }

    /// <summary>May do everything in a topic.</summary>
    public static TopicAccess All(Topic topic) => new(topic) { Now = Rights.All };

    public static ClaimsPrincipal Principal(params (string Type, string Value)[] claims) =>
        new(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value)), "test"));
}
