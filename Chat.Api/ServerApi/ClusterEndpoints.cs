using Chat.Api.Backplane;
using Chat.Api.Nodes;

namespace Chat.Api.ServerApi;

/// <summary>The nodes, singly and summed up, as the answering node knows them. Answers come from memory, so the calls work while Redis is
/// away.</summary>
internal static class ClusterEndpoints
{
    private const string Unknown = "unknown";

    public static void MapCluster(this IEndpointRouteBuilder calls)
    {
        var (live, backplane) = (calls.ServiceProvider.GetRequiredService<LiveNodes>(), calls.ServiceProvider.GetRequiredService<IBackplane>());
        calls.MapGet("/nodes", () => Nodes(live)).WithName("nodes").WithTags("cluster").WithSummary("Lists the live nodes, the oldest first.");
        calls.MapGet("/cluster", () => Cluster(live, backplane)).WithName("cluster").WithTags("cluster").WithSummary("Counts nodes and connections.");
    }

    private static Answer<NodesAnswer> Nodes(LiveNodes live) => Answer.Of(new NodesAnswer(
        [.. live.List().Select(static node => new NodeEntry(node.Id, node.Address, IsReady(node), node.Connections, node.Version, node.StartedAt))]));

    private static Answer<ClusterAnswer> Cluster(LiveNodes live, IBackplane backplane)
    {
        var (nodes, ready, connections) = (0, 0, 0L);
        var versions = new Dictionary<string, int>();
        foreach (var (_, node) in live.Nodes)
        {
            nodes++;
            ready += IsReady(node) ? 1 : 0;
            connections += node.Connections;
            var version = node.Version ?? Unknown;
            versions[version] = versions.GetValueOrDefault(version) + 1;
        }

        return Answer.Of(new ClusterAnswer(nodes, ready, nodes - ready, connections, versions, backplane.IsReady(out _)));
    }

    private static bool IsReady(NodeInfo node) => node.State == NodeState.Ready;
}

internal sealed record NodesAnswer(IReadOnlyList<NodeEntry> Nodes);

/// <param name="Id">As in the header <c>X-Node</c>.</param>
/// <param name="Address">The address at which the edge reaches it.</param>
/// <param name="Ready">False if it is stopping and takes no new connections.</param>
/// <param name="Connections">How many it has, as of its last heartbeat.</param>
/// <param name="Version">Which build it runs.</param>
/// <param name="StartedAt">Since when it runs.</param>
internal sealed record NodeEntry(string Id, string Address, bool Ready, int Connections, string? Version, DateTimeOffset StartedAt);

/// <param name="Nodes">How many are alive.</param>
/// <param name="Ready">How many of them take connections.</param>
/// <param name="Draining">How many of them are stopping.</param>
/// <param name="Connections">How many connections all of them have.</param>
/// <param name="Versions">How many nodes run each build.</param>
/// <param name="Redis">Whether the node that answers can publish and hear at the moment.</param>
internal sealed record ClusterAnswer(int Nodes, int Ready, int Draining, long Connections, IReadOnlyDictionary<string, int> Versions, bool Redis);
