using Microsoft.Extensions.Logging;

namespace Chat.Sockets.Loops;

/// <summary>One loop per processor, started with the first use.</summary>
internal sealed class SocketLoops(SocketTending tending, TimeProvider time, ILogger<SocketLoop> logger) : IDisposable
{
    private readonly Lazy<SocketLoop[]> _loops = new(() =>
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new SocketLoop(number, (int)tending, time, logger))]);

    private uint _turn;

    /// <summary>They take turns.</summary>
    public SocketLoop Next() => _loops.Value[Interlocked.Increment(ref _turn) % _loops.Value.Length];

    /// <summary>Calls this for each of their sockets, on its loop's thread.</summary>
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

/// <summary>In how many parts of a second the sockets of a loop are tended.</summary>
internal enum SocketTending
{
    /// <summary>All at once: hardly any of them has anything to tend, and a loop without traffic wakes up once a second.</summary>
    AtOnce = 1,

    /// <summary>A tenth at a time: all at once, ten thousand would be noticed by whoever sends meanwhile.</summary>
    InParts = 10,
}
