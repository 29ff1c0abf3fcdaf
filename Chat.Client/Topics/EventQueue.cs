using System.Threading.Channels;

namespace Chat.Client.Topics;

/// <summary>The events that wait for the reader.</summary>
/// <remarks>The queue never refuses an event. But while it is full, nothing more is read from the server, unless a call waits for its answer: the
/// answer comes over the same connection, and the reader of the events may be the one who waits for it.</remarks>
internal sealed class EventQueue(int most)
{
    private readonly Channel<ChatEvent> _events = Channel.CreateUnbounded<ChatEvent>(new UnboundedChannelOptions { SingleReader = true });
    private TaskCompletionSource? _room; // guarded by _gate
    private readonly object _gate = new();
    private int _count;

    public void Add(ChatEvent one)
    {
        Interlocked.Increment(ref _count);
        if (!_events.Writer.TryWrite(one))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>No more events come.</summary>
    public void End() => _events.Writer.TryComplete();

    /// <summary>Completes when there is room, when <see cref="Open"/> is called, or at once if <paramref name="mayOverflow"/> returns true.</summary>
    public Task RoomAsync(Func<bool> mayOverflow)
    {
        if (Volatile.Read(ref _count) < most)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var room = _room.Task;
            if (Volatile.Read(ref _count) < most || mayOverflow())
            {
                Open_NeedsLock();
            }

            return room;
        }
    }

    /// <summary>Lets the task that waits for room continue.</summary>
    public void Open()
    {
        lock (_gate)
        {
            Open_NeedsLock();
        }
    }

    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _events.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_events.Reader.TryRead(out var one))
            {
                if (Interlocked.Decrement(ref _count) == most / 2)
                {
                    Open();
                }

                yield return one;
            }
        }
    }

    private void Open_NeedsLock()
    {
        _room?.SetResult();
        _room = null;
    }
}
