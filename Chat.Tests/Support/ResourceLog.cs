using Microsoft.Extensions.Logging;

namespace Chat.Tests.Support;

/// <summary>Keeps the output of the AppHost's resources, which the AppHost logs under <c>{AppHost}.Resources.{resource}</c>.</summary>
internal sealed class ResourceLog
{
    private const int Kept = 2000;

    private readonly Queue<string> _lines = new(); // guards itself

    public ILoggerProvider AsProvider() => new Provider(this);

    /// <summary>The lines that arrived since the last call.</summary>
    public string Take()
    {
        lock (_lines)
        {
            var text = string.Join('\n', _lines);
            _lines.Clear();
            return text;
        }
    }

    private sealed class Provider(ResourceLog log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Lines(log, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

        public void Dispose()
        {
            // Nothing to free: the lines outlive the application that wrote them.
        }
    }

    private sealed class Lines(ResourceLog log, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            lock (log._lines)
            {
                log._lines.Enqueue($"{source}: {formatter(state, exception)}{(exception is null ? "" : "\n" + exception)}");
                if (log._lines.Count > Kept)
                {
                    log._lines.Dequeue();
                }
            }
        }
    }
}
