namespace Edge.Proxy.Nodes;

/// <summary>The nodes that the edge takes for live, from one registry listing to the next. Not thread-safe.</summary>
/// <remarks>
/// A node that is missing from the list is removed at once if that was announced: it left, or another node swept its
/// lease. If nothing was announced, it is removed only after <see cref="Grace"/>, because a Redis that lost its data lists
/// nobody until the next heartbeats although every node lives. A dead node does no harm meanwhile: health checks and
/// the first refused connection take it out of rotation.
/// </remarks>
internal sealed class KnownNodes(TimeProvider time)
{
    /// <summary>Three heartbeats of the nodes' default.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(6);

    private readonly Dictionary<string, Node> _nodes = [];
    private readonly Dictionary<string, long> _missingSince = [];

    /// <summary>All nodes, including those that only serve the connections they have.</summary>
    public IReadOnlyList<Node> All => [.. _nodes.Values.OrderBy(node => node.Id, StringComparer.Ordinal)];

    /// <summary>The nodes that take new connections.</summary>
    public IReadOnlyList<Node> Ready => [.. All.Where(node => node.IsReady)];

    public void Update(IReadOnlyCollection<Node> listed, IReadOnlySet<string> announced)
    {
        foreach (var node in listed)
        {
            _nodes[node.Id] = node;
            _missingSince.Remove(node.Id);
        }

        var present = listed.Select(node => node.Id).ToHashSet();
        foreach (var id in _nodes.Keys.Where(id => !present.Contains(id)).ToList())
        {
            if (announced.Contains(id) || IsOverdue(id))
            {
                _nodes.Remove(id);
                _missingSince.Remove(id);
            }
        }
    }

    private bool IsOverdue(string id)
    {
        if (_missingSince.TryAdd(id, time.GetTimestamp()))
        {
            return false;
        }

        return time.GetElapsedTime(_missingSince[id]) >= Grace;
    }
}
