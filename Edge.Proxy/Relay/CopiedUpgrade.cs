using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy.Relay;

/// <summary>A WebSocket of HTTP/1.1 or HTTP/2 that YARP copies. Its client is cut off if it takes nothing for
/// <see cref="RelayPair.LongestStandstill"/>: while YARP cannot write to the client, it does not notice that the node has ended.</summary>
internal sealed class CopiedUpgrade(HttpContext http, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, TimeProvider time)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    public bool IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    public bool IsExtendedConnect => connect?.IsExtendedConnect == true;

    public string? Protocol => connect?.Protocol;

    public static void Limit(HttpContext http, TimeProvider time)
    {
        var (upgrade, connect) = (http.Features.Get<IHttpUpgradeFeature>(), http.Features.Get<IHttpExtendedConnectFeature>());
        var limited = new CopiedUpgrade(http, upgrade, connect, time);
        if (limited.IsUpgradableRequest)
        {
            http.Features.Set<IHttpUpgradeFeature>(limited);
        }

        if (limited.IsExtendedConnect)
        {
            http.Features.Set<IHttpExtendedConnectFeature>(limited);
        }
    }

    public async Task<Stream> UpgradeAsync() => new ClientStream(await upgrade!.UpgradeAsync(), http, time);

    public async ValueTask<Stream> AcceptAsync() => new ClientStream(await connect!.AcceptAsync(), http, time);
}
