using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace Chat.Api.Nodes;

/// <summary>This node's view of the cluster: the nodes with a valid lease, itself included.</summary>
/// <remarks>
/// Guarantee: eventually this view equals the registry, usually within milliseconds, without polling between heartbeats. A node that left or was
/// swept is announced and goes at once. A node that is missing without an announcement goes only after a few heartbeats: a Redis that restarted empty
/// lists each node again at its next heartbeat, and none of them died. While Redis is away, the view does not change.
/// </remarks>
internal sealed class LiveNodes(IOptions<NodeOptions> options, TimeProvider time)
{
    private readonly Lock _gate = new(); // guards _announced and _missingSince, and makes updates one at a time
    private readonly HashSet<string> _announced = [];
    private readonly Dictionary<string, long> _missingSince = [];
    private ImmutableDictionary<string, NodeInfo> _nodes = ImmutableDictionary<string, NodeInfo>.Empty;

    /// <summary>A node came into view. Raised on the heartbeat's loop: must not block or throw.</summary>
    public event Action<NodeInfo>? Joined;

    /// <summary>A node disappeared; whatever it held is gone. Raised on the heartbeat's loop: must not block or throw.</summary>
    public event Action<NodeInfo>? Left;

    public ImmutableDictionary<string, NodeInfo> Nodes => _nodes;

    /// <summary>The nodes, the oldest first.</summary>
    public NodeInfo[] List() => [.. _nodes.Values.OrderBy(node => node.StartedAt).ThenBy(node => node.Id, StringComparer.Ordinal)];

    public bool Contains(string id) => _nodes.ContainsKey(id);

    /// <summary>Notes that something happened to a node. The next list read from now on tells what.</summary>
    public void Announce(string id)
    {
        lock (_gate)
        {
            _announced.Add(id);
        }
    }

    /// <summary>The announcements so far. Take them before reading the list that is to explain them.</summary>
    public string[] TakeAnnounced()
    {
        lock (_gate)
        {
            string[] taken = [.. _announced];
            _announced.Clear();
            return taken;
        }
    }

    public void Update(IReadOnlyCollection<NodeInfo> listed, IReadOnlyCollection<string> announced)
    {
        List<NodeInfo> joined, left;
        lock (_gate)
        {
            var before = _nodes;
            var after = listed.ToImmutableDictionary(node => node.Id);
            joined = [.. after.Values.Where(node => !before.ContainsKey(node.Id))];
            left = [];
            foreach (var node in before.Values.Where(node => !after.ContainsKey(node.Id)))
            {
                if (announced.Contains(node.Id) || IsOverdue_NeedsLock(node.Id))
                {
                    left.Add(node);
                }
                else
                {
                    after = after.Add(node.Id, node);
                }
            }

            foreach (var id in _missingSince.Keys.Where(id => !after.ContainsKey(id) || listed.Any(node => node.Id == id)).ToList())
            {
                _missingSince.Remove(id);
            }

            _nodes = after;
        }

        left.ForEach(node => Left?.Invoke(node));
        joined.ForEach(node => Joined?.Invoke(node));
    }

    private bool IsOverdue_NeedsLock(string id)
    {
        if (!_missingSince.TryGetValue(id, out var since))
        {
            _missingSince[id] = time.GetTimestamp();
            return false;
        }

        return time.GetElapsedTime(since) >= 3 * options.Value.Heartbeat;
    }
}
