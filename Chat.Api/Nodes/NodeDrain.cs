namespace Chat.Api.Nodes;

/// <summary>Whether this node is on its way out. Starts with the host's stopping; there is no way back.</summary>
internal sealed class NodeDrain
{
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _draining;

    public bool IsDraining => _draining;

    /// <summary>
    /// Completes once the registry shows this node as draining, or once that failed: from then on the edge sends no
    /// new client, and those told to reconnect do not come back here.
    /// </summary>
    public Task Announced => _announced.Task;

    public void Begin() => _draining = true;

    public void MarkAnnounced() => _announced.TrySetResult();
}
