using System.Globalization;
using Chat.Api.Events;
using Chat.Api.Redis;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Events;

/// <summary>Three nodes that tell events to a backend in the test's process, over a Redis that persists.</summary>
public sealed class EventNodes : IAsyncLifetime
{
    public const int QueueLength = 300;
    public const int RequestsAtOnce = 4;

    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private NodeCluster? _cluster;

    internal EventSink Sink { get; } = new();

    internal NodeCluster Cluster => _cluster ?? throw new InvalidOperationException("It has not started.");

    public async Task InitializeAsync()
    {
        await Sink.StartAsync();
        _cluster = await NodeCluster.StartAsync(
            nodes: 3,
            persists: true,
            [
                .. Unlimited.Sending,
                ("Auth:SecurityKey", HubCluster.SecurityKey),
                ("Chat:Presence:LeaveDelay", "00:00:00.3"),
                ("Events:Url", Sink.Url),
                ("Events:Secret", EventSink.Secret),
                ("Events:Messages:0", "group:told-*"),
                ("Events:Presence:0", "group:seen-*"),
                ("Events:Online", "true"),
                ("Events:Memberships", "true"),
                ("Events:QueueLength", QueueLength.ToString(CultureInfo.InvariantCulture)),
                ("Events:LongestPause", "00:00:00.5"),
                ("Events:RequestsAtOnce", RequestsAtOnce.ToString(CultureInfo.InvariantCulture)),
                ("Events:Timeout", $"{Timeout}"), // a test that has to wait for it misses its deadline
                ("Events:GiveUpAfter", "00:00:01"),
            ]);
    }

    public async Task DisposeAsync()
    {
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Sink.DisposeAsync();
    }
}

/// <summary>The events that a backend receives, whatever happens to it, to the nodes and to Redis.</summary>
public sealed class EventTests(EventNodes fixture, ITestOutputHelper output) : IClassFixture<EventNodes>, IDisposable
{
    private readonly string _name = Guid.NewGuid().ToString("N")[..12];

    private NodeCluster Cluster => fixture.Cluster;

    private EventSink Sink => fixture.Sink;

    private string Group => "told-" + _name;

    private string Topic => "group:" + Group;

    public void Dispose()
    {
        Sink.Answer = static _ => 204;
        output.WriteLine(Cluster.Log());
    }

    [Fact]
    public async Task Messages_OfAllNodes_AreTold_InTheOrderOfTheirTopic()
    {
        var publishers = await PublishersAsync();
        var acks = await Task.WhenAll(publishers.Select((publisher, i) => PublishAsync(publisher, $"p{i}", 50)));
        await EndAsync(publishers);

        await CheckAsync(acks.SelectMany(ack => ack));
        Assert.Equal(0, Sink.Forged);
    }

    [Fact]
    public async Task Message_OfATopicThatIsNotTold_IsNot()
    {
        await using var anna = await Cluster.ConnectAsync(0, $"/chat/group/untold-{_name}/anna?format=json");
        await using var ben = await Cluster.ConnectAsync(0, $"/chat/group/{Group}/ben?format=json");
        await anna.SendJsonAsync(new { Msg = "quiet", MsgId = "q" });
        await anna.NextFrameAsync("ack");
        await ben.SendJsonAsync(new { Msg = "loud", MsgId = "l" });

        await Eventually.TrueAsync(() => Sink.Of(Topic).Any());
        Assert.Empty(Sink.Of($"group:untold-{_name}"));
    }

    [Fact]
    public async Task Receiver_ThatWasAway_IsToldEverything_AndTheNodesSaySoOnce()
    {
        var publishers = await PublishersAsync();
        await Eventually.TrueAsync(() => Said().All(static said => said.Back == said.Away)); // the receiver is there for every node
        var before = Said();
        await Sink.StopAsync();
        var acks = await PublishAsync(publishers[0], "p", 20);
        await Eventually.TrueAsync(() => SaidSince(before).Any(static said => said.Away > 0));

        await Sink.StartAsync();

        await CheckAsync(acks);
        await Eventually.TrueAsync(() => SaidSince(before).All(static said => said.Back == said.Away)); // those to which nothing happened say nothing
        Assert.All(SaidSince(before), static said => Assert.InRange(said.Away, 0, 1));
        await EndAsync(publishers);
    }

    [Fact]
    public async Task Event_ThatIsRefused_HoldsUpItsTopicOnly_AndIsGivenUp()
    {
        Sink.Answer = static events => events.Any(told => told.Msg == "poison") ? 400 : 204;
        await using var anna = await Cluster.ConnectAsync(0, $"/chat/group/{Group}/anna?format=json");
        await using var ben = await Cluster.ConnectAsync(1, $"/chat/group/{Group}-b/ben?format=json");
        foreach (var text in (string[])["before", "poison", "after"])
        {
            await anna.SendJsonAsync(new { Msg = text, MsgId = text });
            await anna.NextFrameAsync("ack");
        }

        await ben.SendJsonAsync(new { Msg = "other", MsgId = "o" });

        await Eventually.TrueAsync(() => Sink.Of(Topic + "-b").Any());
        Assert.DoesNotContain(Sink.Of(Topic), told => told.Msg == "after");
        await Eventually.TrueAsync(() => Sink.Of(Topic).Count() == 2);
        Assert.Equal(["before", "after"], Sink.Of(Topic).Select(told => told.Msg));
        Assert.Contains($"An event of {Topic} was dropped", Cluster.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_ThatDoesNotAnswerForManyTopics_IsToldThoseOfOthers()
    {
        var end = new TaskCompletionSource();
        Sink.Silence = (told => told.Topic.StartsWith(Topic + "-silent", StringComparison.Ordinal), end.Task);

        // More topics than all nodes have places for. How long the others wait for these depends on the time that a node considers unusually long.
        // That time adapts to the receiver, which is the tests' own process here and may be slow.
        var silent = Enumerable.Range(0, 24).Select(i => $"{Group}-silent{i}").ToList();
        foreach (var group in silent)
        {
            await PublishOnceAsync(group);
        }

        await Eventually.TrueAsync(() => Sink.Kept >= 3 * EventNodes.RequestsAtOnce);
        var others = Enumerable.Range(0, 10).Select(i => $"{Group}-{i}").ToList(); // in partitions of all nodes
        foreach (var group in others)
        {
            await PublishOnceAsync(group);
        }

        await Eventually.TrueAsync(() => others.TrueForAll(group => Sink.Of($"group:{group}").Any()), within: EventNodes.Timeout * 0.75);
        Assert.DoesNotContain(silent, group => Sink.Of($"group:{group}").Any());

        (Sink.Silence, _) = (null, end.TrySetResult());

        await Eventually.TrueAsync(() => silent.TrueForAll(group => Sink.Of($"group:{group}").Any()));
    }

    [Fact]
    public async Task Queue_WithoutRoom_LosesTheOldest_AndANodeSaysHowMany()
    {
        Sink.Answer = static _ => 503; // to all events: if others were accepted, these might be given up, and not only lack room
        var publishers = await PublishersAsync();
        var acks = await PublishAsync(publishers[0], "p", EventNodes.QueueLength + 10);
        await Eventually.TrueAsync(() => DroppedOf(Topic) == 10);

        Sink.Answer = static _ => 204;

        await CheckAsync(acks.OrderBy(ack => ack.Offset).Skip(10));
        Assert.Equal(EventNodes.QueueLength, Sink.Of(Topic).Count());
        await EndAsync(publishers);
    }

    [Fact]
    public async Task NodeKilled_WhatWasAcknowledgedIsTold_InOrder_AndWhoWasOnItIsOffline()
    {
        var victim = IndexOf(EventPartitions.OwnerOf(EventMarks.PartitionOf(System.Text.Encoding.UTF8.GetBytes(Topic)), Cluster.Nodes.Select(node => node.Id)));
        var other = (victim + 1) % 3;
        await using var carl = await Cluster.ConnectAsync(victim, $"/chat/user/carl-{_name}");
        await using var ben = await Cluster.ConnectAsync(victim, $"/chat/group/g/ben-{_name}");
        await using var benElsewhere = await Cluster.ConnectAsync(other, $"/chat/user/ben-{_name}");
        await Eventually.TrueAsync(() => Types($"user:ben-{_name}") == "user.online" && Types($"user:carl-{_name}") == "user.online");
        var publishers = await PublishersAsync();
        var publishing = publishers.Select((publisher, i) => PublishAsync(publisher, $"p{i}", 60)).ToList();
        await Eventually.TrueAsync(() => Sink.Of(Topic).Any());

        var dead = Cluster.Take(victim);
        await dead.KillAsync();

        await CheckAsync((await Task.WhenAll(publishing)).SelectMany(ack => ack));
        await Eventually.TrueAsync(() => Types($"user:carl-{_name}") == "user.online user.offline");
        Assert.Equal("user.online", Types($"user:ben-{_name}"));
        await EndAsync(publishers);
        await dead.DisposeAsync();
        await Cluster.AddAsync();
    }

    [RedisFact]
    public async Task RedisRestarted_WhatWasAcknowledgedIsTold_InOrder()
    {
        var publishers = await PublishersAsync();
        var publishing = publishers.Select((publisher, i) => PublishAsync(publisher, $"p{i}", 60)).ToList();
        await Eventually.TrueAsync(() => Sink.Of(Topic).Any());

        await Cluster.Redis.KillAsync();
        await Cluster.Redis.RestartAsync();

        await CheckAsync((await Task.WhenAll(publishing)).SelectMany(ack => ack));
        await EndAsync(publishers);
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
    }

    [Fact]
    public async Task Users_AreTold_OnceForAllConnections()
    {
        var anna = await Cluster.ConnectAsync(0, $"/chat/group/seen-{_name}/anna-{_name}");
        await Eventually.TrueAsync(() => Types($"user:anna-{_name}") == "user.online");
        await using (await Cluster.ConnectAsync(1, $"/chat/user/anna-{_name}"))
        {
            await anna.CloseAsync();
            await Eventually.TrueAsync(() => Types($"group:seen-{_name}") == "presence.joined presence.left");
        }

        await Eventually.TrueAsync(() => Types($"user:anna-{_name}") == "user.online user.offline");
        await anna.DisposeAsync();
    }

    [Fact]
    public async Task Memberships_AreTold()
    {
        await using var anna = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, "a-" + _name, HubTransport.WebSockets);
        await anna.JoinAsync(_name);
        await anna.LeaveAsync(_name);

        await Eventually.TrueAsync(() => Sink.Of($"user:a-{_name}").Count(told => told.Type.StartsWith("group.", StringComparison.Ordinal)) == 4);
        Assert.Equal(
            [("group.joined", "first"), ("group.joined", "second"), ("group.joined", _name), ("group.left", _name)],
            Sink.Of($"user:a-{_name}").Where(told => told.Group.Length > 0).Select(told => (told.Type, told.Group)));
    }

    private Task<ResumingClient[]> PublishersAsync() => Cluster.JoinAsync(3, i => $"/chat/group/{Group}/p{i}-{_name}");

    private async Task PublishOnceAsync(string group)
    {
        await using var client = await Cluster.ConnectAsync(0, $"/chat/group/{group}/anna?format=json");
        await client.SendJsonAsync(new { Msg = "hi", MsgId = "m1" });
        await client.NextFrameAsync("ack");
    }

    // Publishes several at a time, in order.
    private static async Task<List<ChatFrame>> PublishAsync(ResumingClient publisher, string prefix, int count)
    {
        var acks = new List<ChatFrame>();
        foreach (var some in Enumerable.Range(0, count).Chunk(10))
        {
            acks.AddRange(await Task.WhenAll(some.Select(i => publisher.PublishAsync($"{prefix}-{i}", "x"))));
        }

        return acks;
    }

    private static Task EndAsync(ResumingClient[] clients) => Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));

    // Checks that each arrived at least once and, without duplicates, in the order of the log.
    private async Task CheckAsync(IEnumerable<ChatFrame> acks)
    {
        var ids = acks.Select(ack => ack.Id!).ToHashSet();
        await Eventually.TrueAsync(() => ids.IsSubsetOf(Sink.Of(Topic).Select(told => told.MsgId)));
        var offsets = Sink.Of(Topic).Select(told => told.Offset).ToList();
        Assert.Equal(offsets.Order(), offsets);
        Assert.Equal(offsets.Count, offsets.Distinct().Count());
    }

    private string Types(string topic) => string.Join(' ', Sink.Of(topic).Select(told => told.Type));

    private int IndexOf(string node) => Cluster.Nodes.ToList().FindIndex(one => one.Id == node);

    // How often each node has said that the receiver is away, and that it is back.
    private List<(int Away, int Back)> Said() => [.. Cluster.Nodes.Select(static node => (Lines(node, "does not accept any"), Lines(node, "accepts them again")))];

    private IEnumerable<(int Away, int Back)> SaidSince(List<(int Away, int Back)> before) =>
        Said().Zip(before, static (now, then) => (now.Away - then.Away, now.Back - then.Back));

    private static int Lines(NodeProcess node, string text) => node.Output.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private int DroppedOf(string topic) => Cluster.Log().Split('\n')
        .Where(line => line.Contains($" of them of {topic}: more wait", StringComparison.Ordinal))
        .Sum(line => int.Parse(line.Split(" events were dropped")[0].Trim().Split(' ')[^1], CultureInfo.InvariantCulture));
}
