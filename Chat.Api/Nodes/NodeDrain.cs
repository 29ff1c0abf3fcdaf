namespace Chat.Api.Nodes;

/// <summary>Whether this node is draining. Draining begins when the host is stopped, at the latest, and cannot be undone.</summary>
internal sealed class NodeDrain
{
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _draining;

    /// <summary>Raised once, on the thread that began the drain. Handlers must not block.</summary>
    public event Action? Begun;

    public bool IsDraining => Volatile.Read(ref _draining) != 0;

    /// <summary>
    /// Completes once the registry shows this node as draining, or once that failed. From then on the edge sends no new clients here, and clients
    /// told to reconnect do not come back here.
    /// </summary>
    public Task Announced => _announced.Task;

    public void Begin()
    {
        if (Interlocked.Exchange(ref _draining, 1) == 0)
        {
            Begun?.Invoke();
        }
    }

    public void MarkAnnounced() => _announced.TrySetResult();
}
