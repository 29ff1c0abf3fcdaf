using Microsoft.Extensions.Logging;

namespace Chat.Sockets.Loops;

/// <summary>One loop per processor, started with the first use.</summary>
internal sealed class SocketLoops(TimeProvider time, ILogger<SocketLoop> logger) : IDisposable
{
    private readonly Lazy<SocketLoop[]> _loops = new(() =>
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new SocketLoop(number, time, logger))]);

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
