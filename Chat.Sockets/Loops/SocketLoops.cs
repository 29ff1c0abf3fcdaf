using Microsoft.Extensions.Logging;

namespace Chat.Sockets.Loops;

/// <summary>One loop per processor, started on first use.</summary>
internal sealed class SocketLoops(SocketTending tending, TimeProvider time, ILogger<SocketLoop> logger) : IDisposable
{
    private readonly Lazy<SocketLoop[]> _loops = new(() =>
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new SocketLoop(number, (int)tending, time, logger))]);

    private uint _turn;

    /// <summary>Returns the loops in turn.</summary>
    public SocketLoop Next() => _loops.Value[Interlocked.Increment(ref _turn) % _loops.Value.Length];

    /// <summary>Calls <paramref name="work"/> for each socket of the loops, on the thread of its loop.</summary>
    public void ForEach(Action<LoopSocket> work)
    {
        foreach (var loop in _loops.IsValueCreated ? _loops.Value : [])
        {
            loop.ForEach(work);
        }
    }

    public void Dispose()
    {
        if (_loops.IsValueCreated)
        {
            foreach (var loop in _loops.Value)
            {
                loop.Dispose();
            }
        }
    }
}

/// <summary>In how many parts, spread over a second, the sockets of a loop are tended.</summary>
internal enum SocketTending
{
    /// <summary>All at once, for sockets of which hardly any has anything to tend. A loop without traffic wakes up once a second.</summary>
    AtOnce = 1,

    /// <summary>A tenth at a time: to tend ten thousand sockets at once would noticeably delay whatever is sent meanwhile.</summary>
    InParts = 10,
}
