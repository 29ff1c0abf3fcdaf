using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Events;

/// <summary>On a Redis Cluster, a topic's queue and its mark are on different servers.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class EventClusterTests : IAsyncLifetime
{
    private RedisCluster _cluster = null!;
    private RedisBackplaneNode _node = null!;

    public async Task InitializeAsync()
    {
        _cluster = await RedisCluster.StartAsync();
        Assert.True(TopicPattern.TryParse("*", out var all));
        _node = await RedisBackplaneNode.StartAsync(_cluster.Servers[0].ConnectionString, events: new EventRules { Messages = [all] });
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [RedisFact]
    public async Task Messages_OfTopicsOnEveryServer_WaitAndAreMarked()
    {
        var topics = Enumerable.Range(0, 30).Select(i => Topic.Group($"g{i}")).ToArray();
        Assert.Equal(3, topics.Select(topic => Owner(topic.Utf8Name.Span)).Distinct().Count());
        await Task.WhenAll(topics.Select(topic => _node.PublishAnyhowAsync(topic, "hi", "m1")));

        var marked = await Task.WhenAll(Enumerable.Range(0, EventMarks.Partitions).Select(_node.Events.ListAsync));
        Assert.Equal(topics.Select(topic => topic.Name).Order(), marked.SelectMany(one => one).Select(one => one.Topic.Name).Order());
        foreach (var topic in topics)
        {
            var events = (await _node.Events.ReadAsync(topic, 10, int.MaxValue)).Events;
            Assert.Equal(0, await _node.Events.TrimAsync(topic, 1, Assert.Single(events)));
        }
    }

    // The node may die in between. Then no node would ever look into the queue.
    [RedisFact]
    public async Task Message_WhoseTopicCannotBeMarked_IsNotAcknowledgedBeforeItIs()
    {
        var topic = Enumerable.Range(0, 1000).Select(i => Topic.Group($"g{i}")).First(topic => Owner(topic.Utf8Name.Span) != Owner(Partition(topic)) && Owner(Partition(topic)) != 0);
        await _node.PublishAnyhowAsync(Enumerable.Range(0, 1000).Select(i => Topic.Group($"warm{i}")).First(warm => Owner(warm.Utf8Name.Span) == Owner(topic.Utf8Name.Span)), "warm", "m1");
        var marks = _cluster.Servers[Owner(Partition(topic))];
        marks.Pause();

        var publishing = _node.PublishAsync(topic, "hi");

        var log = _cluster.Servers[Owner(topic.Utf8Name.Span)];
        await Eventually.TrueAsync(() => log.Execute("EXISTS", $"{{{topic}}}:events") is 1L);
        await _node.PublishAsync(topic, "a signal, whose answer comes behind that", signal: "typing");
        Assert.False(publishing.IsCompleted);
        marks.Resume();

        Assert.True((await publishing).IsPublished);
        Assert.Contains(await _node.Events.ListAsync(EventMarks.PartitionOf(topic.Utf8Name.Span)), marked => marked.Topic == topic);
    }

    /// <summary>Once, what waited in the partitions behind one of that server waited for the server, too.</summary>
    [RedisFact]
    public async Task Server_ThatIsAway_HoldsUpNoPartitionOfTheOthers()
    {
        var away = Owner(RedisKeys.EventsTag) == 1 ? 2 : 1;
        var topics = Enumerable.Range(0, 60).Select(i => Topic.Group($"g{i}")).Where(topic => Owner(topic.Utf8Name.Span) != away && Owner(Partition(topic)) != away).ToArray();
        await Task.WhenAll(topics.Select(topic => _node.PublishAnyhowAsync(topic, "hi", "m1")));
        await _cluster.Servers[away].KillAsync();
        using var turns = new TopicTurns(TimeProvider.System);
        using var places = new EventPlaces(topics.Length);
        using var partitions = _node.Partitions(turns, TimeProvider.System);
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);

        await partitions.StartAsync(deadline.Token);

        var missing = topics.Select(topic => topic.Name).ToHashSet();
        await using var taken = turns.TakeAllAsync(places, aside: false, deadline.Token).GetAsyncEnumerator();
        while (missing.Count > 0 && await taken.MoveNextAsync())
        {
            Assert.True(missing.Remove(taken.Current.Turn.Topic.Name));
            taken.Current.Place.Dispose();
        }

        await partitions.StopAsync(deadline.Token);
    }

    private static int Owner(ReadOnlySpan<byte> tag) => RedisCluster.OwnerOf(RedisSlot.Of(tag));

    private static byte[] Partition(Topic topic) => RedisKeys.PartitionTag(EventMarks.PartitionOf(topic.Utf8Name.Span));
}
