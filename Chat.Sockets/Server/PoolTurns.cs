using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Chat.Sockets.Server;

/// <summary>Continues work on threads of the pool for which the others on a loop are not to wait, such as TLS handshakes: each takes a millisecond.</summary>
/// <remarks>As many run at once as there are processors. Each is queued behind whatever else waits for the pool, so thousands of clients that
/// come at once, or that begin handshakes and abandon them, do not hold that up either.</remarks>
internal sealed class PoolTurns : IThreadPoolWorkItem
{
    private static readonly int Most = Environment.ProcessorCount;

    private readonly ConcurrentQueue<Action> _waiting = [];
    private int _count; // how many wait or run; as many run as may

    /// <summary>The code after an <c>await</c> of this runs when it is its turn.</summary>
    public Entry EnterAsync() => new(this);

    void IThreadPoolWorkItem.Execute()
    {
        if (_waiting.TryDequeue(out var next))
        {
            next();
        }

        if (Interlocked.Decrement(ref _count) >= Most)
        {
            Begin(); // takes the place of the one that has run
        }
    }

    private void Run(Action work)
    {
        _waiting.Enqueue(work);
        if (Interlocked.Increment(ref _count) <= Most)
        {
            Begin();
        }
    }

    private void Begin() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>What such an <c>await</c> needs.</summary>
    public readonly struct Entry(PoolTurns turns) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Entry GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => turns.Run(continuation);

        public void UnsafeOnCompleted(Action continuation) => turns.Run(continuation);
    }
}
