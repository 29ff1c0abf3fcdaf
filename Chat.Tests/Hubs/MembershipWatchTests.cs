using System.Collections.Concurrent;
using Chat.Api.Backplane;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Tests.Simulation;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Hubs;

/// <summary>How often a user's memberships are looked up.</summary>
public sealed class MembershipWatchTests
{
    /// <summary>Each of twenty devices once did a lookup whenever any of them joined a group, a hundred times a second. That was most of Redis's work
    /// for a user.</summary>
    [Fact]
    public async Task Devices_ThatLookAtOnce_ShareALook_ThatBeganAfterTheyAsked()
    {
        var store = new SlowMemberships();
        using var watch = new MembershipWatch(
            store, removals: null!, Options.Create(new MembershipOptions()), TimeProvider.System, NullLogger<MembershipWatch>.Instance);
        var user = new HubUser(Topic.User("anna"));

        var first = watch.LookAsync(user);
        Task<UserGroups>[] others = [.. Enumerable.Range(0, 19).Select(_ => watch.LookAsync(user))];
        var another = watch.LookAsync(new HubUser(Topic.User("ben")));

        Assert.Equal(2, store.Begun.Count); // the lookup for another user waits for nobody
        store.Next().SetResult(new UserGroups(new Dictionary<string, long>(), 1, 1));
        store.Next().SetResult(new UserGroups(new Dictionary<string, long>(), 1, 2));
        Assert.Equal((1, 2), ((await first).Now, (await another).Now));
        Assert.DoesNotContain(others, other => other.IsCompleted);
        Assert.Single(store.Begun).SetResult(new UserGroups(new Dictionary<string, long>(), 1, 3));
        Assert.All(await Task.WhenAll(others), other => Assert.Equal(3, other.Now));
    }

    /// <summary>Once, the loop waited for a client that connected and then read nothing. Nobody else's groups were looked up any more, or kept in Redis.</summary>
    [Fact]
    public async Task Client_ThatTakesLongToBeInItsGroups_HoldsUpNobodyElse()
    {
        var store = new SlowMemberships();
        using var stopping = new CancellationTokenSource();
        using var watch = new MembershipWatch(
            store, removals: null!, Options.Create(new MembershipOptions()), new ManualTimeProvider(), NullLogger<MembershipWatch>.Instance);
        watch.Enter(new Chat.Api.Hubs.HubClient(new RecordingConnection(1), "a", null!) { Access = null! }); // it has not entered its groups, and must not follow others before
        watch.Enter(new Chat.Api.Hubs.HubClient(new RecordingConnection(2), "b", null!) { Access = null! });
        var running = Loops.Execute(watch, stopping.Token);

        watch.OnRestored();
        for (var user = 0; user < 2; user++)
        {
            await Eventually.TrueAsync(() => store.Begun.Count == 1);
            store.Next().SetResult(new UserGroups(new Dictionary<string, long> { ["chess"] = 1 }, 1, 1));
        }

        await stopping.CancelAsync();
        await running;
    }

    /// <summary>Once, one user whose server of a Redis Cluster was away kept everybody behind from being looked up, and their groups from being
    /// kept.</summary>
    [Fact]
    public async Task Users_WhoseServerIsAway_HoldUpNobodyElse()
    {
        const int Users = 200;
        var store = new AwayMemberships { Away = 130 };
        var time = new ManualTimeProvider();
        using var stopping = new CancellationTokenSource();
        using var watch = new MembershipWatch(
            store, removals: null!, Options.Create(new MembershipOptions()), time, NullLogger<MembershipWatch>.Instance);
        for (var i = 0; i < Users; i++)
        {
            watch.Enter(new Chat.Api.Hubs.HubClient(new RecordingConnection(i), $"u{i}", null!) { Access = null! });
        }

        var running = Loops.Execute(watch, stopping.Token);
        watch.OnRestored();
        await UntilLookedUpAsync(Users - store.Away);
        store.Away = 0;
        await UntilLookedUpAsync(Users);

        await stopping.CancelAsync();
        await running;

        Task UntilLookedUpAsync(int users) => Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            return store.LookedUp.Count == users;
        });
    }

    /// <summary>The first users who are looked up are on a server that is away.</summary>
    private sealed class AwayMemberships : IMemberships
    {
        private readonly ConcurrentDictionary<string, int> _order = new();

        public int Away { get; set; }

        public ConcurrentDictionary<string, bool> LookedUp { get; } = new();

        public Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
        {
            if (_order.GetOrAdd(user.Id, _ => _order.Count) < Away)
            {
                return Task.FromException<UserGroups>(new BackplaneUnavailableException("The server is away."));
            }

            LookedUp[user.Id] = true;
            return Task.FromResult(new UserGroups(new Dictionary<string, long>(), 1, 1));
        }

        public Task<IReadOnlyCollection<string>> ListAsync(Topic user) => throw new NotSupportedException();

        public Task<long?> JoinAsync(Topic user, string group, int limit) => throw new NotSupportedException();

        public Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false) => throw new NotSupportedException();

        public void Forget(Topic user, string group, LeaveMark mark) => throw new NotSupportedException();
    }

    private sealed class SlowMemberships : IMemberships
    {
        public ConcurrentQueue<TaskCompletionSource<UserGroups>> Begun { get; } = new();

        public TaskCompletionSource<UserGroups> Next() => Begun.TryDequeue(out var next) ? next : throw new InvalidOperationException("Nobody looks.");

        public Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
        {
            var look = new TaskCompletionSource<UserGroups>();
            Begun.Enqueue(look);
            return look.Task;
        }

        public Task<IReadOnlyCollection<string>> ListAsync(Topic user) => throw new NotSupportedException();

        public Task<long?> JoinAsync(Topic user, string group, int limit) => throw new NotSupportedException();

        public Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false) => throw new NotSupportedException();

        public void Forget(Topic user, string group, LeaveMark mark) => throw new NotSupportedException();
    }
}
