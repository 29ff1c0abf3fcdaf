using System.Runtime.CompilerServices;
using Chat.Api.Hubs;
using Chat.Api.Presence;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Simulation;

/// <summary>Starts the loops of hosted services here and now: their host would do it on another thread.</summary>
internal static class Loops
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(MembershipWatch watch, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceReporter reporter, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceSweeper sweeper, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceWatches watches, CancellationToken stoppingToken);
}

/// <summary>An error that the product logs is a fault of ours, and so the end of a history.</summary>
internal sealed class StrictLogger<T>(World world) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            world.Violate($"an error was logged: {formatter(state, exception)} {exception}");
        }
    }
}

/// <summary>SignalR's groups, which carry signals only: nothing of what is simulated goes over them.</summary>
internal sealed class SimulatedHubContext : IHubContext<ChatHub>, IGroupManager
{
    public static readonly SimulatedHubContext Instance = new();

    public IHubClients Clients => throw new NotSupportedException();

    public IGroupManager Groups => this;

    public Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Task.CompletedTask;
}
