using System.Collections.Concurrent;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Memberships;

/// <summary>Keeps the groups of users who are in restricted groups with raw connections (<see cref="GroupAccess"/>), as the hub does for its own.</summary>
/// <remarks>Otherwise a user without a hub connection would be out of all groups once <see cref="MembershipOptions.MembershipAge"/> is over, and would
/// find that out at the next reconnect.</remarks>
internal sealed partial class RawMembers(IMemberships memberships, IOptions<MembershipOptions> options, TimeProvider time, ILogger<RawMembers> logger)
    : BackgroundService
{
    private const int RenewalsPerAge = 8; // several in a row may fail, and no timer waits for a quarter of the longest age

    private readonly ConcurrentDictionary<Connection, bool> _connections = new();

    /// <summary>Called when a raw connection is in a restricted group.</summary>
    public void Add(Connection connection) => _connections[connection] = true;

    /// <summary>Called when a raw connection has ended.</summary>
    public void Leave(Connection connection)
    {
        if (_connections.TryRemove(connection, out _))
        {
            _ = RenewAsync(connection.UserId); // the age counts from now on
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.MembershipAge / RenewalsPerAge, time);
        try
        {
            while (options.Value.MembersOnly && await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var userId in _connections.Keys.Select(static connection => connection.UserId).Distinct())
                {
                    stoppingToken.ThrowIfCancellationRequested();
                    await RenewAsync(userId); // one after the other: none is urgent
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RenewAsync(string userId)
    {
        try
        {
            await memberships.ReadAsync(Topic.User(userId), []);
        }
        catch (BackplaneUnavailableException exception)
        {
            Log.Delayed(logger, exception.Message);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception); // perhaps a malformed record; the other users must not suffer from it
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "MembershipsNotRenewed", Message = "Memberships could not be renewed: {Reason} Retrying.")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "MembershipRenewalFailed", Message = "Memberships could not be renewed; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
