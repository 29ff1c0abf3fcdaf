using System.Security.Claims;
using Chat.Api.Access;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Simulation;

/// <summary>Allows everybody everything, since access is not simulated.</summary>
internal static class OpenAccess
{
    private static readonly IOptions<AccessOptions> Settings = Options.Create(new AccessOptions());
    private static readonly AccessSources Sources = new(AccessRules.Read(Settings.Value), new AccessAnswers(null!, Settings, TimeProvider.System), Settings);
    private static readonly AccessTable Table = new(
        Sources, null!, new AccessRenewals(TimeProvider.System, NullLogger<AccessRenewals>.Instance), new AccessMetrics(NoMeters.Instance), TimeProvider.System);

    public static ConnectionAccess Of(string userId) => new(new UserAccess(userId, null!), Sources, Table, new ClaimsPrincipal(new ClaimsIdentity("test")));
}
