using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line that a resource wrote.</summary>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>The console output of every resource: the latest lines, and those to come.</summary>
public class ResourceLoggerService
{
    // Enough to see why something failed, small enough to be kept for every resource.
    private const int KeptLines = 2000;

    private readonly Lock _gate = new(); // guards everything in every log
    private readonly Dictionary<string, Log> _logs = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the kept lines of a resource, then every line that it writes. The name is that of a resource or of an instance.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(
        string resourceName, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var lines = Channel.CreateUnbounded<LogLine>();
        LogLine[] kept;
        Log log;
        lock (_gate)
        {
            log = LogOf(resourceName);
            kept = [.. log.Kept];
            log.Watchers.Add(lines);
        }

        try
        {
            yield return kept;
            await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return [line];
            }
        }
        finally
        {
            lock (_gate)
            {
                log.Watchers.Remove(lines);
            }
        }
    }

    internal void Write(string resourceName, string resourceId, string line, bool isError)
    {
        lock (_gate)
        {
            LogOf(resourceName).Write(line, isError);
            LogOf(resourceId).Write(line, isError);
        }
    }

    private Log LogOf(string name) => _logs.TryGetValue(name, out var log) ? log : _logs[name] = new Log();

    private sealed class Log
    {
        private int _written;

        public Queue<LogLine> Kept { get; } = new();

        public List<Channel<LogLine>> Watchers { get; } = [];

        public void Write(string content, bool isError)
        {
            var line = new LogLine(++_written, content, isError);
            Kept.Enqueue(line);
            if (Kept.Count > KeptLines)
            {
                Kept.Dequeue();
            }

            foreach (var watcher in Watchers)
            {
                watcher.Writer.TryWrite(line);
            }
        }
    }
}
