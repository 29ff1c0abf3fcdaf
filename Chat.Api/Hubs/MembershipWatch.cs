using System.Collections.Concurrent;
using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>Compares the groups of this node's hub users with the memberships in Redis. Renews the memberships, takes connections out of groups that
/// are no longer among them, and adds connections to groups whose joining they have missed.</summary>
/// <remarks>Runs at every connect, at every hole in a group's log, for each user a few times per <see cref="MembershipOptions.MembershipAge"/>, and
/// after this node was deaf for a moment, in which it may have missed a joining.</remarks>
internal sealed partial class MembershipWatch(
    IMemberships memberships, GroupRemovals removals, IOptions<MembershipOptions> options, TimeProvider time, ILogger<MembershipWatch> logger)
    : BackgroundService, IMembershipListener
{
    private const int LooksPerAge = 4; // so that three in a row may fail
    private const int FailuresAtOnce = 64; // until there is a pause

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, HubUser> _users = new(StringComparer.Ordinal);
    private readonly SharedReads<HubUser, UserGroups> _looks = new(user => LookAsync(memberships, user, []));

    // Holds one wake-up.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private long _restoredAt = long.MinValue; // users compared before that are due
    private volatile ITimer? _timer;
    private CancellationToken _stopping;

    /// <summary>Adds a connection of the user.</summary>
    public HubUser Enter(HubClient client)
    {
        while (true)
        {
            var user = _users.GetOrAdd(client.UserId, static id => new HubUser(Topic.User(id)));
            if (user.TryAdd(client, time.GetTimestamp()))
            {
                return user;
            }

            _users.TryRemove(new(client.UserId, user)); // its last connection has just left
        }
    }

    public void Leave(HubUser user, HubClient client)
    {
        if (user.Remove(client))
        {
            _users.TryRemove(new(user.Topic.Id, user));
            _ = TouchAsync(user.Topic); // the age of the memberships counts from now on
        }
    }

    /// <summary>Reads the user's memberships, and takes the user's connections here out of groups that are not among them.</summary>
    /// <remarks>When one of a user's devices has joined a group, all of them look, as often as calls are allowed. So they share their
    /// reads.</remarks>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public Task<UserGroups> LookAsync(HubUser user) => _looks.ReadAsync(user);

    /// <summary>Does the same for a connection that begins.</summary>
    /// <param name="user">The user.</param>
    /// <param name="unlessKnown">The groups for a user of whom neither Redis nor this node knows anything.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public Task<UserGroups> BeginAsync(HubUser user, IReadOnlyList<string> unlessKnown) => LookAsync(memberships, user, unlessKnown);

    private static async Task<UserGroups> LookAsync(IMemberships memberships, HubUser user, IReadOnlyList<string> unlessKnown)
    {
        var held = user.Held();
        foreach (var group in unlessKnown)
        {
            held.TryAdd(group, 0);
        }

        var known = await memberships.ReadAsync(user.Topic, held);
        user.Keep(known);
        return known;
    }

    public void OnRemoved(ReadOnlySpan<byte> id) => removals.OnRemoved(id);

    public void OnConfirmed(string id, string node) => removals.OnConfirmed(id, node);

    /// <summary>Checks members that may have missed their removal. Retries until Redis answers.</summary>
    public void OnDoubt(IReadOnlyList<Member> members)
    {
        foreach (var user in members.GroupBy(member => member.Connection.UserId))
        {
            _ = RecheckAsync(user.Key, [.. user]);
        }
    }

    /// <summary>Adds the user's connections on this node to a group that one of them has joined, here or elsewhere.</summary>
    public void OnJoined(GroupJoin join)
    {
        if (_users.TryGetValue(join.UserId, out var user))
        {
            _ = FollowAsync(user, () => user.FollowAsync(join));
        }
    }

    /// <summary>Called when joinings may have been missed.</summary>
    public void OnRestored()
    {
        Volatile.Write(ref _restoredAt, time.GetTimestamp());
        Wake();
    }

    /// <summary>Does the same as <see cref="OnJoined"/>. Returns the number of the user's connections here, once they are in the group.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer; the next look makes up for it.</exception>
    public async Task<long> FollowAsync(GroupJoin join)
    {
        if (!_users.TryGetValue(join.UserId, out var user))
        {
            return 0;
        }

        try
        {
            await user.FollowAsync(join);
        }
        catch
        {
            CompareSoon(user);
            throw;
        }

        return user.Count;
    }

    /// <summary>Tells the user's connections on this node that the user leaves a group. Returns how many.</summary>
    public long Mirror(string userId, string group, long generation) => _users.TryGetValue(userId, out var user) ? user.Mirror(group, generation) : 0;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        var interval = options.Value.MembershipAge / LooksPerAge;
        await using var timer = _timer = time.CreateTimer(_ => Wake(), null, interval / LooksPerAge, interval / LooksPerAge);
        try
        {
            while (await _wakes.Reader.WaitToReadAsync(stoppingToken))
            {
                _wakes.Reader.TryRead(out _);
                if (!await CompareAsync(interval, stoppingToken))
                {
                    WakeSoon();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    // Compares one user after the other, since after an outage of Redis all users of a node are due. Those for whom that failed last come last: their
    // server of a Redis Cluster may be away for long. Returns false if Redis, or one of its servers, is away.
    private async Task<bool> CompareAsync(TimeSpan interval, CancellationToken stoppingToken)
    {
        var failures = 0;
        var due = _users.Values.Where(user => user.ComparedAt <= Volatile.Read(ref _restoredAt) || time.GetElapsedTime(user.ComparedAt) >= interval);
        foreach (var user in due.OrderBy(static user => user.FailedAt))
        {
            stoppingToken.ThrowIfCancellationRequested();
            try
            {
                var began = time.GetTimestamp();
                var groups = await LookAsync(user);
                user.Compared(began);
                user.FailedAt = 0;
                _ = FollowAsync(user, () => user.FollowAsync(groups)); // not awaited: a client that does not read may take as long as it likes
            }
            catch (BackplaneUnavailableException exception)
            {
                Log.Delayed(logger, exception.Message);
                user.FailedAt = time.GetTimestamp();
                if (++failures == FailuresAtOnce)
                {
                    return false;
                }
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception); // perhaps a malformed record; the other users must not suffer from it
            }
        }

        return failures == 0;
    }

    private void CompareSoon(HubUser user)
    {
        user.Compared(long.MinValue);
        WakeSoon();
    }

    private void WakeSoon() => _timer?.Change(RetryDelay, options.Value.MembershipAge / LooksPerAge / LooksPerAge);

    private void Wake() => _wakes.Writer.TryWrite(true);

    // The news of a joining may be lost, too.
    private async Task FollowAsync(HubUser user, Func<Task> follow)
    {
        await Task.Yield(); // off the backplane's thread
        try
        {
            await follow();
        }
        catch (Exception exception) when (exception is BackplaneUnavailableException or RedisException or TimeoutException)
        {
            Log.Delayed(logger, exception.Message); // the connection for signals may be back later than ours
            CompareSoon(user);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
    }

    private async Task TouchAsync(Topic user)
    {
        try
        {
            await memberships.ReadAsync(user, []);
        }
        catch (Exception exception)
        {
            Log.Delayed(logger, exception.Message); // the age counts from the last look, so the memberships are kept a little less long
        }
    }

    private async Task RecheckAsync(string userId, List<Member> members)
    {
        await Task.Yield(); // out of the topic's lock
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var held = _users.TryGetValue(userId, out var user) ? user.Held() : [];
                var known = await memberships.ReadAsync(Topic.User(userId), held);
                members.ForEach(member => member.Topic.Settle(member, known.Hold(member.Topic.Topic.Id, member.Generation)));
                return;
            }
            catch (BackplaneUnavailableException exception)
            {
                Log.Delayed(logger, exception.Message);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
            }

            await Task.Delay(RetryDelay, time, _stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "MembershipsDelayed", Message = "Memberships could not be looked up: {Reason} Retrying.")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "MembershipsFailed", Message = "Memberships could not be looked up; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
