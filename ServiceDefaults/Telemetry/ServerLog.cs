using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Telemetry;

/// <summary>Leaves out errors that the server logs as its own faults although any client can cause them: that it could not write to a client whose
/// TLS is broken, or was still reading from a client that has gone. Otherwise strangers could fill the log, with thirty lines for each TLS record
/// that cannot be deciphered.</summary>
/// <remarks>Log levels cannot do this: faults of request handlers are logged in the same category.</remarks>
internal sealed class ServerLog(ILoggerFactory inner) : ILoggerFactory
{
    private const string Server = "Microsoft.AspNetCore.Server.Kestrel";
    private const int Unexpected = 0; // an exception that ended a connection
    private const int BodyStillRead = 67;

    public static void Add(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<LoggerFactory>();
        builder.Services.AddSingleton<ILoggerFactory>(static provider => new ServerLog(provider.GetRequiredService<LoggerFactory>()));
    }

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return categoryName == Server ? new Quiet(logger) : logger;
    }

    public void Dispose() => inner.Dispose();

    private static bool IsOfClients(EventId id, Exception? exception) => id.Id == BodyStillRead || (id.Id == Unexpected && exception is IOException);

    private sealed class Quiet(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel != LogLevel.Error || !IsOfClients(eventId, exception))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
