using System.Collections.Concurrent;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Presence;
using Chat.Tests.Simulation;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Presence;

/// <summary>One server of a Redis Cluster is away, and with it the presence in its topics.</summary>
public sealed class PresenceAwayTests : IDisposable
{
    private const string Dead = "dead";
    private const string Self = "self";
    private const int Each = 300; // topics; many more than are reported at once

    private readonly ManualTimeProvider _time = new();
    private readonly StoreWithAServerAway _store = new();
    private readonly PresenceReporter _reporter;

    public PresenceAwayTests() =>
        _reporter = new(_store, new PresenceMetrics(NoMeters.Instance), Options.Create(new PresenceOptions()), Options.Create(new NodeOptions()), _time, NullLogger<PresenceReporter>.Instance);

    public void Dispose() => _reporter.Dispose();

    /// <summary>Once, the sweep ended at the first topic that was away, and began there the next time. The dead node's users stayed in all others.</summary>
    [Fact]
    public async Task Sweep_TakesTheDeadNodesUsersOutOfAllOtherTopics_AndForgetsTheNodeWhenNoneIsLeft()
    {
        var options = Options.Create(new NodeOptions());
        var live = new LiveNodes(options, TimeProvider.System);
        live.Update([new NodeInfo(Self, "", NodeState.Ready, 0, default, null)], []);
        var self = new NodeSelf(new NodeIdentity(TimeProvider.System) { Id = Self }, new NodeDrain(), null!);
        using var sweeper = new PresenceSweeper(
            _store, _reporter, new PresenceMetrics(NoMeters.Instance), live, self, Options.Create(new PresenceOptions()), options, _time, NullLogger<PresenceSweeper>.Instance);
        _store.Note(Topics("away").Concat(Topics("here")));

        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => sweeper.SweepAsync(Dead, again: false));
        Assert.Equal(Each, _store.Reported.Count);
        Assert.Equal([true], _store.Swept); // somebody looks again

        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => sweeper.SweepAsync(Dead, again: true));
        Assert.Equal(Topics("away").Order(), _store.Noted.Order());
        Assert.Single(_store.Swept);

        _store.IsAway = false;
        await sweeper.SweepAsync(Dead, again: true);
        Assert.Equal(2 * Each, _store.Reported.Count);
        Assert.Empty(_store.Noted);
        Assert.Equal([true, false], _store.Swept);
    }

    /// <summary>Once, a round of reports ended at the first topics that were away, and the next one began with them.</summary>
    [Fact]
    public async Task Reports_OfTopicsThatAreAway_HoldUpNoOthers_AndAreMadeUpFor()
    {
        await RunAsync(async () =>
        {
            foreach (var name in Topics("away").Concat(Topics("here")))
            {
                _reporter.OnCame(Topic.Parse(name)!, "anna");
            }

            await UntilAsync(() => Topics("here").All(_store.Reported.ContainsKey));
            _store.IsAway = false;
            await UntilAsync(() => Topics("away").All(_store.Reported.ContainsKey));
        });
    }

    /// <summary>Once, nothing was reported while what a node no longer knew of could not be taken back.</summary>
    [Fact]
    public async Task Reports_ThatANodeNoLongerKnowsOf_AreTakenBack_AndHoldUpNoOthersWhereTheyAreAway()
    {
        _store.Note(Topics("away").Concat(Topics("here")));
        await RunAsync(async () =>
        {
            _reporter.ReportAll();
            _reporter.OnCame(Topic.Group("new"), "anna");

            await UntilAsync(() => _store.Reported.ContainsKey("group:new") && !Topics("here").Any(_store.Noted.Contains));
            Assert.True(Topics("away").All(_store.Noted.Contains));
            _store.IsAway = false;
            await UntilAsync(() => _store.Noted.SequenceEqual(["group:new"]));
        });
    }

    private static IEnumerable<string> Topics(string where) => Enumerable.Range(0, Each).Select(i => $"group:{where}-{i}");

    private async Task RunAsync(Func<Task> test)
    {
        using var stopping = new CancellationTokenSource();
        var running = Loops.Execute(_reporter, stopping.Token);
        await test();
        await stopping.CancelAsync();
        await running;
    }

    private Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _reporter.OnRolled(_time.GetTimestamp());
        return condition();
    });

    private sealed class StoreWithAServerAway : IPresenceStore
    {
        private readonly ConcurrentDictionary<string, bool> _noted = new();

        public volatile bool IsAway = true;

        public ConcurrentDictionary<string, bool> Reported { get; } = new();

        public ICollection<string> Noted => _noted.Keys;

        public ConcurrentQueue<bool> Swept { get; } = new();

        public Action<string, PresenceNews>? Heard { get; set; }

        public Action? Restored { get; set; }

        public Action? Returned { get; set; }

        public void Note(IEnumerable<string> topics)
        {
            foreach (var topic in topics)
            {
                _noted[topic] = true;
            }
        }

        public Task ReportAsync(Topic topic, string? node, IReadOnlyCollection<PresentUser> users, bool isAll, Func<bool>? mayGoOn = null)
        {
            if (IsAway && topic.Id.StartsWith("away", StringComparison.Ordinal))
            {
                return Task.FromException(new BackplaneUnavailableException("The server is away."));
            }

            Reported[topic.Name] = true;
            return Task.CompletedTask;
        }

        public Task AddTopicsAsync(IReadOnlyCollection<Topic> topics)
        {
            Note(topics.Select(topic => topic.Name));
            return Task.CompletedTask;
        }

        public Task RemoveTopicsAsync(string? node, IReadOnlyCollection<string> topics)
        {
            foreach (var topic in topics)
            {
                _noted.TryRemove(topic, out _);
            }

            return Task.CompletedTask;
        }

        // Those that are away come first.
        public Task<IReadOnlyCollection<string>> TopicsOfAsync(string? node) => Task.FromResult<IReadOnlyCollection<string>>([.. _noted.Keys.Order(StringComparer.Ordinal)]);

        public Task SweptAsync(string node, bool hadUsers, TimeSpan lookAgain)
        {
            Swept.Enqueue(hadUsers);
            return Task.CompletedTask;
        }

        public Task<PresenceNews> ReadAsync(Topic topic, int most) => throw new NotSupportedException();

        public Task<long> CountAsync(Topic topic) => throw new NotSupportedException();

        public Task<PresencePage> ReadPageAsync(Topic topic, ulong from, int about) => throw new NotSupportedException();

        public Task WatchAsync(Topic topic) => throw new NotSupportedException();

        public void Unwatch(Topic topic) => throw new NotSupportedException();

        public Task<PresenceRoll> CallRollAsync(string? sweeping = null) => throw new NotSupportedException();

        public Task LeaveAsync(TimeSpan delay) => throw new NotSupportedException();
    }
}
