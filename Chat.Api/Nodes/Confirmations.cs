namespace Chat.Api.Nodes;

/// <summary>Waits for nodes to confirm something. A node that goes meanwhile is not waited for, and no longer counts.</summary>
internal sealed class Confirmations : IDisposable
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new(); // guards _waitedFor, _confirmed and _sum
    private readonly HashSet<string> _waitedFor = new(StringComparer.Ordinal);
    private readonly LiveNodes _nodes;
    private int _confirmed;
    private long _sum;

    /// <param name="self">The node that asks; it answers as the others do.</param>
    /// <param name="nodes">The nodes, of which all are waited for.</param>
    public Confirmations(NodeIdentity self, LiveNodes nodes)
    {
        _nodes = nodes;
        lock (_gate)
        {
            nodes.Left += Gone; // first: a node that goes in between must not be waited for
            _waitedFor.Add(self.Id);
            _waitedFor.UnionWith(nodes.Nodes.Keys);
        }
    }

    /// <summary>Completes when no node is waited for any more.</summary>
    public Task Done => _done.Task;

    /// <summary>The same as <see cref="Done"/>, for a wait that stays in its context: WaitAsync on the task itself would continue on the
    /// pool.</summary>
    public async Task DoneAsync() => await _done.Task;

    public Confirmed Result
    {
        get
        {
            lock (_gate)
            {
                return new Confirmed(_confirmed, _confirmed + _waitedFor.Count, _sum);
            }
        }
    }

    /// <summary>Notes that a node has confirmed.</summary>
    /// <param name="node">The node.</param>
    /// <param name="count">How much the node did.</param>
    public void Confirm(string node, long count = 0)
    {
        lock (_gate)
        {
            if (_waitedFor.Remove(node))
            {
                _confirmed++;
                _sum += count;
                CompleteIfAll_NeedsLock();
            }
        }
    }

    public void Dispose() => _nodes.Left -= Gone;

    private void Gone(NodeInfo node)
    {
        lock (_gate)
        {
            _waitedFor.Remove(node.Id);
            CompleteIfAll_NeedsLock();
        }
    }

    private void CompleteIfAll_NeedsLock()
    {
        if (_waitedFor.Count == 0)
        {
            _done.TrySetResult();
        }
    }
}

/// <summary>On how many nodes something is known to have been done.</summary>
/// <param name="Nodes">How many nodes have confirmed.</param>
/// <param name="Of">How many nodes there are.</param>
/// <param name="Count">How much all of them did.</param>
internal readonly record struct Confirmed(int Nodes, int Of, long Count = 0);
