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

/// <summary>A node's groups of SignalR. Nothing of what is simulated goes over them, but who is in one hears its signals.</summary>
/// <remarks>Mostly it takes a moment until a connection is in one, and now and then longer than what is sent to it may come late.</remarks>
internal sealed class SimulatedHubContext(TimeProvider time) : IHubContext<ChatHub>, IGroupManager
{
    private const int LateOneIn = 5;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(1_500);

    private readonly HashSet<(string ConnectionId, string Group)> _members = [];
    private int _added;

    public IHubClients Clients => throw new NotSupportedException();

    public IGroupManager Groups => this;

    /// <summary>After so many more are put into a group, one cannot be: signals go over a connection of their own, which may be back later.</summary>
    public int? FailsAfter { get; set; }

    public bool IsIn(string connectionId, string groupName) => _members.Contains((connectionId, groupName));

    public async Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        await Task.Delay(++_added % LateOneIn == 0 ? Late : Moment, time, cancellationToken);
        if (FailsAfter is { } others)
        {
            FailsAfter = others > 0 ? others - 1 : null;
            if (others == 0)
            {
                throw new StackExchange.Redis.RedisException("Redis is away.");
            }
        }

        _members.Add((connectionId, groupName));
    }

    public Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        _members.Remove((connectionId, groupName));
        return Task.CompletedTask;
    }
}
