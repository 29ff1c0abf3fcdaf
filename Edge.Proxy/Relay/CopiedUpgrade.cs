using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy.Relay;

/// <summary>A WebSocket of HTTP/1.1 or HTTP/2 that YARP copies. Its client is cut off if it takes nothing for
/// <see cref="RelayPair.LongestStandstill"/>: while YARP cannot write to the client, it does not notice that the node has ended.</summary>
internal sealed class CopiedUpgrade(HttpContext http, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, CopiedUpgrades upgrades, TimeProvider time)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IDisposable
{
    private string? _node; // once the node and the client have agreed

    public bool IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    public bool IsExtendedConnect => connect?.IsExtendedConnect == true;

    public string? Protocol => connect?.Protocol;

    public bool IsCutOff { get; private set; }

    /// <summary>Takes the place of the request's features. Returns null if the request is none for a WebSocket.</summary>
    public static CopiedUpgrade? TryLimit(HttpContext http, CopiedUpgrades upgrades, TimeProvider time)
    {
        var (upgrade, connect) = (http.Features.Get<IHttpUpgradeFeature>(), http.Features.Get<IHttpExtendedConnectFeature>());
        if (upgrade?.IsUpgradableRequest != true && connect?.IsExtendedConnect != true)
        {
            return null;
        }

        var limited = new CopiedUpgrade(http, upgrade, connect, upgrades, time);
        if (limited.IsUpgradableRequest)
        {
            http.Features.Set<IHttpUpgradeFeature>(limited);
        }

        if (limited.IsExtendedConnect)
        {
            http.Features.Set<IHttpExtendedConnectFeature>(limited);
        }

        return limited;
    }

    public async Task<Stream> UpgradeAsync() => Accepted(await upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => Accepted(await connect!.AcceptAsync());

    /// <summary>Ends the client's WebSocket. To be called only while the request lasts.</summary>
    public void CutOff()
    {
        IsCutOff = true;
        http.Abort();
    }

    /// <summary>To be called before the request ends, or goes to another node.</summary>
    public void Dispose()
    {
        // Otherwise, the next node's WebSocket would also belong to this object, and never leave it.
        http.Features.Set(upgrade);
        http.Features.Set(connect);
        if (_node is not null)
        {
            upgrades.Remove(_node, this);
        }
    }

    private ClientStream Accepted(Stream client)
    {
        _node = http.GetReverseProxyFeature().ProxiedDestination!.DestinationId;
        upgrades.Add(_node, this);
        return new ClientStream(client, http, time);
    }
}
