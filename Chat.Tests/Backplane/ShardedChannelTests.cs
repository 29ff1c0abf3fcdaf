using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>Topics with sharded channels in a Redis Cluster: only the server of a topic's slot delivers its messages.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class ShardedChannelTests : IAsyncLifetime
{
    private RedisCluster _cluster = null!;
    private RedisBackplaneNode _publisher = null!;
    private RedisBackplaneNode _subscriber = null!;

    public async Task InitializeAsync()
    {
        _cluster = await RedisCluster.StartAsync();
        _publisher = await StartNodeAsync(at: 0);
        _subscriber = await StartNodeAsync(at: 1);
    }

    public async Task DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _subscriber.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [RedisFact]
    public async Task EverythingOfATopic_ComesOverItsChannels_OfItsServerAlone()
    {
        var topics = Enumerable.Range(0, 12).Select(static i => $"g{i}").Concat(NastyIds.Some).Select(static id => Topic.Group(ChatId.TryParse(id, out var valid) ? valid : "x")).ToArray();
        Assert.Equal(3, topics.Select(Owner).Distinct().Count());
        await Task.WhenAll(topics.Select(_subscriber.Backplane.SubscribeAsync));

        await Task.WhenAll(topics.Select(topic => _publisher.PublishAnyhowAsync(topic, "hi", "m1")));
        Assert.Equal(topics.Select(topic => topic.Name).Order(), (await _subscriber.Listener.NextAsync(topics.Length)).Select(heard => heard.Topic).Order());
        await Task.WhenAll(topics.Select(topic => _publisher.PublishAsync(topic, "", signal: "typing")));
        Assert.Equal(topics.Select(topic => topic.Name).Order(), (await _subscriber.Listener.NextAsync(topics.Length)).Select(heard => heard.Topic).Order());

        foreach (var topic in topics)
        {
            var channel = System.Text.Encoding.UTF8.GetString(new RedisKeys("", PubSubKind.Sharded).Channel(topic));
            Assert.Equal(1, await _publisher.Backplane.CountSubscribersAsync(topic));
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal([channel, i == Owner(topic) ? 1L : 0L], (object?[])_cluster.Servers[i].Execute("PUBSUB", "SHARDNUMSUB", channel)!);
            }
        }
    }

    [RedisFact]
    public async Task Presence_OfTopicsOnEveryServer_IsToldToWatchers()
    {
        var heard = System.Threading.Channels.Channel.CreateUnbounded<string>();
        _subscriber.Presence.Heard = (topic, news) => heard.Writer.TryWrite($"{topic} {string.Join(',', news.Joined)}");
        foreach (var topic in Enumerable.Range(0, 3).Select(static server => TopicOn(server)))
        {
            await _subscriber.Presence.WatchAsync(topic);
            await _publisher.Presence.ReportAsync(topic, null, [new PresentUser("anna", 1)], isAll: false);

            Assert.Equal($"{topic} anna", await heard.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline));
        }
    }

    [RedisFact]
    public async Task Removal_ComesOverTheNodesOwnChannel_AndStandsInTheLog()
    {
        var topic = TopicOn(server: 2);

        var removal = await _publisher.PublishAsync(topic, "1", isRemoval: true);

        Assert.Equal("removals", (await _subscriber.Listener.NextAsync()).Topic);
        Assert.Single(await _subscriber.ReadAsync(topic, removal.Epoch, 0));
    }

    [RedisFact]
    public async Task Slot_ThatMoved_IsListenedToAtItsNewServer_AndItsTopicsAreTold()
    {
        var (moved, left, stays) = (TopicOn(server: 2), TopicOn(server: 2, not: 1), TopicOn(server: 1));
        foreach (var topic in new[] { moved, left, stays })
        {
            await _subscriber.Backplane.SubscribeAsync(topic);
        }

        _cluster.Migrate(Slot(moved), from: 2, to: 1);
        Assert.Equal(moved.Name, await _subscriber.Listener.NextRestoredAsync());
        await _publisher.PublishAnyhowAsync(moved, "hi", "m1");
        Assert.Equal(moved.Name, (await _subscriber.Listener.NextAsync()).Topic);

        _cluster.Migrate(Slot(moved), from: 1, to: 0);
        Assert.Equal(moved.Name, await _subscriber.Listener.NextRestoredAsync());

        // Nearly all slots of a server move, including that of its ticks. If the last one moved as well, the server would become a replica.
        var (first, last) = RedisCluster.RangeOf(2);
        _cluster.Move(first, last - 1, to: 0);
        var told = new[] { await _subscriber.Listener.NextRestoredAsync(), await _subscriber.Listener.NextRestoredAsync() }; // it also subscribes again to the slot that it had before
        Assert.Equal(new[] { moved.Name, left.Name }.Order(), told.Order());
        foreach (var topic in new[] { moved, left, stays })
        {
            await _publisher.PublishAnyhowAsync(topic, "ho", "m2");
            Assert.Equal(topic.Name, (await _subscriber.Listener.NextAsync()).Topic);
        }

        await _subscriber.ReadyAsync();
    }

    /// <summary>Once there was a line for each channel and second: hundreds a second for as long as a cluster is down.</summary>
    [RedisFact]
    public async Task Server_ThatLetsNobodySubscribe_IsALineAMinute()
    {
        var logger = new RecordingLogger<RedisBackplane>();
        var options = BackplaneNode.PatientOptions();
        options.PubSub = PubSubKind.Sharded;
        await using var node = await RedisBackplaneNode.StartAsync(RedisEndpoint.Parse(_cluster.Servers[0].ConnectionString), options, logger: logger);
        var topics = Enumerable.Range(0, 10).Select(static i => TopicOn(server: 2, not: i)).ToArray();
        await Task.WhenAll(topics.Select(node.Backplane.SubscribeAsync));

        foreach (var topic in topics)
        {
            _cluster.Servers[2].Execute("CLUSTER", "DELSLOTS", $"{Slot(topic)}");
        }

        await node.ReadyAsync(ready: false); // after some ticks, in each of which all are refused
        Assert.Matches("^Warning: .* [0-9]+ times .*CLUSTERDOWN", Assert.Single(logger.Lines, static line => line.Contains("refused subscriptions", StringComparison.Ordinal)));
    }

    // The node's subscriptions also tell it that the slot has moved, while messages are on their way to the server that had it.
    [RedisFact]
    public async Task Messages_OfAUserWhoseSlotMoves_KeepTheirOrder()
    {
        var topic = TopicOn(server: 0);
        await _publisher.Backplane.SubscribeAsync(topic);
        var at = 0;

        var outcomes = await OrderedTraffic.PublishAsync(_publisher, topic, () =>
        {
            _cluster.Migrate(Slot(topic), at, 1 - at);
            at = 1 - at;
            return Task.CompletedTask;
        });

        OrderedTraffic.AssertInOrder(outcomes);
        Assert.True(outcomes.Count(outcome => outcome.IsPublished) > outcomes.Count / 2);
    }

    private Task<RedisBackplaneNode> StartNodeAsync(int at)
    {
        var options = BackplaneNode.PatientOptions();
        options.PubSub = PubSubKind.Sharded;
        return RedisBackplaneNode.StartAsync(_cluster.Servers[at].ConnectionString, options);
    }

    private static int Slot(Topic topic) => RedisKeys.SlotOf(topic.Utf8Name.Span);

    private static int Owner(Topic topic) => RedisCluster.OwnerOf(Slot(topic));

    private static Topic TopicOn(int server, int not = 0) =>
        Enumerable.Range(0, 1000).Select(i => Topic.Group($"g{i}")).Where(topic => Owner(topic) == server).ElementAt(not);
}
