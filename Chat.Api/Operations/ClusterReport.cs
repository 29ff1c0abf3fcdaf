using Chat.Api.Nodes;

namespace Chat.Api.Operations;

/// <summary>The content of the operations page.</summary>
/// <param name="Node">The node that has asked the others.</param>
/// <param name="Redis">Whether that node can publish and hear at the moment. If not, it knows of the others only what it knew before.</param>
/// <param name="Nodes">The live nodes, the oldest first.</param>
/// <param name="Topics">The topics with the most members, over all nodes. A topic that is on many nodes, but among the largest on none of them, may
/// be missing.</param>
/// <param name="Closes">The closes of the last minutes, over all nodes.</param>
/// <param name="CloseMinutes">How many minutes those are.</param>
/// <param name="Waiting">The clients for which the most bytes wait, over all nodes.</param>
internal sealed record ClusterReport(
    string Node, bool Redis, IReadOnlyList<NodeLine> Nodes, IReadOnlyList<TopicMembers> Topics, IReadOnlyList<Closes> Closes, int CloseMinutes, IReadOnlyList<WaitingClient> Waiting)
{
    /// <param name="node">The node that has asked.</param>
    /// <param name="redis">As above.</param>
    /// <param name="nodes">The live nodes.</param>
    /// <param name="reports">The reports of the nodes that answered.</param>
    public static ClusterReport Of(string node, bool redis, IReadOnlyList<NodeInfo> nodes, IReadOnlyDictionary<string, NodeReport> reports) => new(
        node, redis,
        [.. nodes.Select(one => NodeLine.Of(one, reports.GetValueOrDefault(one.Id)))],
        [.. reports.Values.SelectMany(static report => report.Largest).GroupBy(static topic => topic.Topic, StringComparer.Ordinal)
            .Select(static topics => new TopicMembers(topics.Key, topics.Sum(static topic => topic.Members)))
            .OrderByDescending(static topic => topic.Members).ThenBy(static topic => topic.Topic, StringComparer.Ordinal).Take(ReportQuestion.MostNamed)],
        [.. reports.Values.SelectMany(static report => report.Closes).GroupBy(static close => (close.Code, close.Reason))
            .Select(static closes => new Closes(closes.Key.Code, closes.Key.Reason, closes.Sum(static close => close.Count)))
            .OrderByDescending(static close => close.Count).ThenBy(static close => close.Code)],
        Connections.RecentCloses.Minutes,
        [.. reports.Values.SelectMany(static report => report.Waiting).OrderByDescending(static client => client.Bytes).Take(ReportQuestion.MostNamed)]);
}

/// <param name="Id">As in the header <c>X-Node</c>.</param>
/// <param name="Address">The address at which the edge reaches it.</param>
/// <param name="State">Whether it takes clients.</param>
/// <param name="Connections">How many it has, as of its last heartbeat.</param>
/// <param name="StartedAt">Since when it runs.</param>
/// <param name="Version">Which build it runs.</param>
/// <param name="Report">Its report. Null if it did not answer in time, or is of a version that does not answer.</param>
internal sealed record NodeLine(string Id, string Address, NodeState State, int Connections, DateTimeOffset StartedAt, string? Version, NodeReport? Report)
{
    // Merged lists are in the cluster's report only.
    public static NodeLine Of(NodeInfo node, NodeReport? report) => new(
        node.Id, node.Address, node.State, node.Connections, node.StartedAt, node.Version, report is null ? null : report with { Largest = [], Closes = [], Waiting = [] });
}
