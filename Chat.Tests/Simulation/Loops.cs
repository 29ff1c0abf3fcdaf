using System.Runtime.CompilerServices;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Presence;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Simulation;

/// <summary>Starts the loops of hosted services on this thread. A host would start them on another one.</summary>
internal static class Loops
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(MembershipWatch watch, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(RawMembers raw, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceReporter reporter, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceSweeper sweeper, CancellationToken stoppingToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    public static extern Task Execute(PresenceWatches watches, CancellationToken stoppingToken);
}

/// <summary>Takes an error that the product logs as a fault of the product, which ends the history.</summary>
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

/// <summary>A node's SignalR groups. No simulated traffic goes over them, but a connection in a group counts as hearing its signals.</summary>
/// <remarks>Adding a connection usually takes a moment, and now and then longer than a signal may be late.</remarks>
internal sealed class SimulatedHubContext(TimeProvider time) : IHubContext<ChatHub>, IGroupManager
{
    private const int LateOneIn = 5;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(1_500);

    private readonly HashSet<(string ConnectionId, string Group)> _members = [];
    private int _added;

    public IHubClients Clients => throw new NotSupportedException();

    public IGroupManager Groups => this;

    /// <summary>How many more additions succeed before one fails. Signals go over a connection of their own, which may be back later than others.</summary>
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
