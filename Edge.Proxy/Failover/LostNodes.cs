using Edge.Proxy.Nodes;
using Edge.Proxy.Relay;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;

namespace Edge.Proxy.Failover;

/// <summary>Sends the clients of a node that has disappeared to others, where their connections are still there: that of a machine which
/// hangs, or is cut off. They have no service, and TCP would not tell them for minutes.</summary>
/// <remarks>A node has disappeared when its lease has ended, which others announce. One that stops does so too, but at its very end.</remarks>
internal sealed partial class LostNodes(
    RelayedConnections relayed, NodeDestinations nodes, IProxyStateLookup proxy, IOptions<EdgeOptions> options, TimeProvider time, ILogger<LostNodes> logger)
    : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    // Two heartbeats: if Redis has lost its data, nodes are missing from the list until they register again. Counted in steps, since a
    // process that was paused itself would else take a moment for long.
    private const int Patience = 8;

    // Of those who may connect in a step, a fifth.
    private readonly int _most = Math.Max(1, (options.Value.ConnectionsPerSecond == 0 ? 5000 : options.Value.ConnectionsPerSecond) / 10);
    private Dictionary<string, int> _lost = []; // how many steps ago it was first missed

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var steps = new PeriodicTimer(Step, time);
        try
        {
            while (await steps.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Look()
    {
        var isAny = proxy.TryGetCluster(NodeDestinations.Cluster, out var cluster) && cluster.DestinationsState.AllDestinations.Any(NodeDestinations.IsReachable);
        var lost = isAny ? relayed.Nodes().Where(node => nodes.GoneOf(node).IsCancellationRequested) : [];
        _lost = lost.ToDictionary(node => node, node => _lost.GetValueOrDefault(node) + 1);
        foreach (var (node, steps) in _lost)
        {
            if (steps == Patience)
            {
                LogLost(node);
            }

            if (steps >= Patience)
            {
                relayed.SendElsewhere(node, _most);
            }
        }
    }

    [LoggerMessage(EventName = "NodeLost", Level = LogLevel.Warning, Message = "Node {Node} has disappeared without ending its connections; their clients are sent to other nodes")]
    private partial void LogLost(string node);
}
