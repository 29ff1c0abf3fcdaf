using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A Redis Cluster needs no configuration: the backplane discovers it and follows its changes.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class RedisClusterTests : IAsyncLifetime
{
    private RedisCluster _cluster = null!;
    private RedisBackplaneNode _publisher = null!;
    private RedisBackplaneNode _subscriber = null!;

    public async Task InitializeAsync()
    {
        _cluster = await RedisCluster.StartAsync();
        _publisher = await RedisBackplaneNode.StartAsync(_cluster.Servers[0].ConnectionString);
        _subscriber = await RedisBackplaneNode.StartAsync(_cluster.Servers[1].ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _subscriber.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [RedisFact]
    public async Task Messages_OfTopicsOnEveryServer_AreHeardAndKept()
    {
        var topics = Enumerable.Range(0, 30).Select(i => Topic.Group($"g{i}")).ToArray();
        Assert.Equal(3, topics.Select(Owner).Distinct().Count());
        await Task.WhenAll(topics.Select(_subscriber.Backplane.SubscribeAsync));

        var outcomes = await Task.WhenAll(topics.Select(topic => _publisher.PublishAnyhowAsync(topic, "hi", "m1")));

        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.Offset));
        Assert.Equal(topics.Select(topic => topic.Name).Order(), (await _subscriber.Listener.NextAsync(topics.Length)).Select(heard => heard.Topic).Order());
        for (var i = 0; i < topics.Length; i++)
        {
            Assert.Single(await _subscriber.ReadAsync(topics[i], outcomes[i].Epoch, 0));
        }
    }

    [RedisFact]
    public async Task Message_OfASlotThatMoved_FollowsIt()
    {
        var topic = TopicOn(server: 2);
        var slot = RedisSlot.Of(topic.Utf8Name.Span);
        await _subscriber.Backplane.SubscribeAsync(topic);
        await _publisher.PublishAnyhowAsync(TopicOn(server: 2, not: topic), "warm", "m1");

        _cluster.Move(slot, slot, to: 1);
        Assert.True((await _publisher.PublishAsync(topic, "hi")).IsPublished);

        Assert.Equal("hi", (await _subscriber.Listener.NextAsync()).Msg);
        Assert.Equal(1L, _cluster.Servers[1].Execute("EXISTS", $"{{{topic}}}:log"));
    }

    [RedisFact]
    public async Task Server_WhenReplacedByAnother_IsLeft()
    {
        var topic = TopicOn(server: 2);
        await _subscriber.Backplane.SubscribeAsync(topic);
        await _publisher.PublishAnyhowAsync(topic, "before", "m1");
        Assert.Equal("before", (await _subscriber.Listener.NextAsync()).Msg); // a server tells its peers after it has answered
        await _cluster.Servers[2].KillAsync();
        await _publisher.ReadyAsync(false);
        Assert.False((await _publisher.PublishAsync(topic, "lost")).IsPublished);

        var (first, last) = RedisCluster.RangeOf(2);
        _cluster.Move(first, last, to: 0);
        var after = await _publisher.PublishAnyhowAsync(topic, "after", "m2");

        await _publisher.ReadyAsync();
        // Servers that find out that one of them is gone may drop a message among themselves. Then the topic's head shows it.
        while (await _subscriber.Listener.NextHeadAsync() != $"{topic} {after.Epoch}:{after.Offset}")
        {
            // A head from before.
        }

        Assert.Equal("after", Assert.Single(await _subscriber.ReadAsync(topic, after.Epoch, after.Offset - 1)).Msg);
    }

    // It comes back with the data of its snapshot, and refuses commands for two seconds. Once the question for what is missing was refused like the others,
    // and was not asked again: the next message was acknowledged, and nobody was told.
    [RedisFact]
    public async Task Server_RestartedInPlaceWithoutAllItHad_IsFound()
    {
        var topic = TopicOn(server: 2);
        await _publisher.PublishAnyhowAsync(topic, "kept", "m1");
        var restartAsync = _cluster.Servers[2].Remember();
        await _publisher.PublishAnyhowAsync(topic, "lost", "m2");

        await restartAsync();
        await _publisher.PublishAnyhowAsync(topic, "next", "m3");

        await _publisher.Listener.NextBrokenAsync();
    }

    // Once a node told nothing while any server was away.
    [RedisFact]
    public async Task Heads_AreTold_WhileAServerIsAway()
    {
        var topic = TopicOn(server: 1);
        await _publisher.PublishAnyhowAsync(topic, "before", "m1");
        await _cluster.Servers[2].KillAsync();
        await _publisher.ReadyAsync(false);

        var after = await _publisher.PublishAnyhowAsync(topic, "after", "m2");

        while (await _subscriber.Listener.NextHeadAsync() != $"{topic} {after.Epoch}:{after.Offset}")
        {
            // A head from before.
        }
    }

    // With classic channels, each server counts only the nodes that listen at it.
    [RedisFact]
    public async Task Subscribers_AtAnyServer_AreCounted()
    {
        foreach (var server in (int[])[0, 1, 2])
        {
            var topic = TopicOn(server);
            Assert.Equal(0, await _publisher.Backplane.CountSubscribersAsync(topic));
            await _subscriber.Backplane.SubscribeAsync(topic);
            Assert.Equal(1, await _publisher.Backplane.CountSubscribersAsync(topic));
        }
    }

    // The server at which a node listens no longer hears what is published at the others, but its link to the node is up.
    [RedisFact]
    public async Task Server_CutOffFromTheOthers_IsListenedToNoMore()
    {
        var topic = TopicOn(server: 1);
        await using var node = await RedisBackplaneNode.StartAsync(_cluster.Servers[0].ConnectionString, RedisBackplaneNode.FastOptions());
        await node.Backplane.SubscribeAsync(topic);

        _cluster.CutOff(0);

        await Eventually.TrueAsync(async () =>
        {
            await _subscriber.PublishAsync(topic, "hi");
            return node.Listener.TryNext(out _);
        });
    }

    private static int Owner(Topic topic) => RedisCluster.OwnerOf(RedisSlot.Of(topic.Utf8Name.Span));

    private static Topic TopicOn(int server, Topic? not = null) =>
        Enumerable.Range(0, 1000).Select(i => Topic.Group($"g{i}")).First(topic => topic != not && Owner(topic) == server);
}
