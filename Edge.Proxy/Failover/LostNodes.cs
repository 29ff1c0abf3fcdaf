using Edge.Proxy.Nodes;
using Edge.Proxy.Relay;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;

namespace Edge.Proxy.Failover;

/// <summary>Sends the clients of a node that has disappeared to other nodes if their connections are still open: those of a machine that
/// hangs or is cut off. These clients have no service, and TCP would not tell them for minutes.</summary>
/// <remarks>A node has disappeared when its lease has ended, which other nodes announce. One that stops disappears too, but at its very end.</remarks>
internal sealed partial class LostNodes(
    RelayedConnections relayed,
    CopiedUpgrades copies,
    NodeDestinations nodes,
    IProxyStateLookup proxy,
    IOptions<EdgeOptions> options,
    TimeProvider time,
    ILogger<LostNodes> logger)
    : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    // In steps: two heartbeats. If Redis has lost its data, nodes are missing from the list until they register again. Steps are counted, since a
    // process that was paused itself would otherwise take a moment for a long time.
    private const int Patience = 8;

    // How many clients of a node are sent elsewhere in a step: a fifth of those who may connect in it.
    private readonly int _most = Math.Max(1, (options.Value.ConnectionsPerSecond == 0 ? 5000 : options.Value.ConnectionsPerSecond) / 10);
    private Dictionary<string, int> _lost = []; // for how many steps each node has been missed

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
        var lost = isAny ? relayed.Nodes().Union(copies.Nodes()).Where(node => nodes.GoneOf(node).IsCancellationRequested) : [];
        _lost = lost.ToDictionary(node => node, node => _lost.GetValueOrDefault(node) + 1);
        foreach (var (node, steps) in _lost)
        {
            if (steps == Patience)
            {
                LogLost(node);
            }

            if (steps >= Patience)
            {
                relayed.SendElsewhere(node, _most - copies.CutOff(node, _most));
            }
        }
    }

    [LoggerMessage(EventName = "NodeLost", Level = LogLevel.Warning, Message = "Node {Node} has disappeared without ending its connections; their clients are sent to other nodes")]
    private partial void LogLost(string node);
}
