using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Where the lines of the processes and of the engine go: to the console, or in a test to the logger.</summary>
internal sealed partial class ConsoleOutput(
    ResourceCollection resources, ResourceLoggerService logs, ILoggerFactory loggers, IHostEnvironment environment, EngineOptions options)
{
    private readonly ILogger _engine = loggers.CreateLogger<Engine>();

    private const string Reset = "\e[0m";
    private const string Red = "\e[31m";

    // Readable on black and on white.
    private static readonly string[] Colours = ["\e[36m", "\e[35m", "\e[33m", "\e[32m", "\e[34m"];

    private readonly bool _isColoured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Passes on a line that a process wrote.</summary>
    public void Relay(Instance instance, string line, bool isError)
    {
        logs.Write(instance.Resource.Name, instance.Name, line, isError);
        if (options.IsTest)
        {
            var logger = LoggerOf(instance);
            if (isError)
            {
                Log.WroteError(logger, instance.Name, line);
            }
            else
            {
                Log.Wrote(logger, instance.Name, line);
            }

            return;
        }

        Console.Out.WriteLine(_isColoured
            ? $"{Colours[resources.IndexOf(instance.Resource) % Colours.Length]}[{instance.Name}]{Reset} {line}"
            : $"[{instance.Name}] {line}");
    }

    /// <summary>Prints a line of the engine itself that a person should see.</summary>
    public void Say(string line)
    {
        if (options.IsTest)
        {
            Log.Said(_engine, line);
        }
        else
        {
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>Prints one line about something that went wrong.</summary>
    public void Complain(string line)
    {
        if (options.IsTest)
        {
            Log.Complained(_engine, line);
        }
        else
        {
            Console.Error.WriteLine(_isColoured ? $"{Red}{line}{Reset}" : line);
        }
    }

    // The category that the real package uses, so that a test's logging filters work with both.
    private ILogger LoggerOf(Instance instance) => loggers.CreateLogger($"{environment.ApplicationName}.Resources.{instance.Resource.Name}");

    private static partial class Log
    {
        [LoggerMessage(EventName = "ResourceWrote", Level = LogLevel.Information, Message = "[{Instance}] {Line}")]
        public static partial void Wrote(ILogger logger, string instance, string line);

        [LoggerMessage(EventName = "ResourceWroteError", Level = LogLevel.Error, Message = "[{Instance}] {Line}")]
        public static partial void WroteError(ILogger logger, string instance, string line);

        [LoggerMessage(EventName = "EngineSaid", Level = LogLevel.Information, Message = "{Line}")]
        public static partial void Said(ILogger logger, string line);

        [LoggerMessage(EventName = "EngineComplained", Level = LogLevel.Error, Message = "{Line}")]
        public static partial void Complained(ILogger logger, string line);
    }
}
