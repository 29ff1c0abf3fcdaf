using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Chat.Sockets.Server;

/// <summary>Has TLS handshakes go on, on threads of the pool: each is a millisecond's work, for which those whom a loop serves are not to wait.</summary>
/// <remarks>As many at once as there are processors, and one after the other behind whatever else waits for the pool: thousands who come at once, or who
/// begin handshakes and leave them, do not hold that up either.</remarks>
internal sealed class HandshakeTurns : IThreadPoolWorkItem
{
    private static readonly int Most = Environment.ProcessorCount;

    private readonly ConcurrentQueue<Action> _waiting = [];
    private int _count; // of those that wait and those that run, of which there are as many as may

    /// <summary>What is behind an <c>await</c> of this runs when it is its turn.</summary>
    public Entry EnterAsync() => new(this);

    void IThreadPoolWorkItem.Execute()
    {
        if (_waiting.TryDequeue(out var next))
        {
            next();
        }

        if (Interlocked.Decrement(ref _count) >= Most)
        {
            Begin(); // the place of the one that has run
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
    public readonly struct Entry(HandshakeTurns turns) : ICriticalNotifyCompletion
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
