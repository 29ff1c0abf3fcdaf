using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>Further promises of the backplane over Redis, on every kind of server.</summary>
public abstract class RedisBackplaneSpec(RedisFixture redis) : BackplaneLogSpec
{
    private readonly List<RedisBackplaneNode> _nodes = [];

    private protected RedisServer Server => redis.Server;

    /// <summary>Additional text for the connection strings.</summary>
    private protected virtual string With => "";

    private protected virtual PubSubKind PubSub => PubSubKind.Classic;

    private protected new RedisBackplaneNode A => _nodes[0];

    private protected new RedisBackplaneNode B => _nodes[1];

    public override async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private protected async Task<RedisBackplaneNode> StartNodeAsync(BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "", string? at = null)
    {
        options ??= BackplaneNode.PatientOptions();
        options.PubSub = PubSub;
        var node = await RedisBackplaneNode.StartAsync((at ?? Server.ConnectionString) + With, options, time, prefix);
        _nodes.Add(node);
        return node;
    }

    private protected override async Task<BackplaneNode> StartAsync(BackplaneOptions? options = null) => await StartNodeAsync(options);

    private protected override void AssertNothingIsKept(Topic topic) =>
        Assert.Equal(0L, Server.Execute("EXISTS", $"{{{topic}}}:log", $"{{{topic}}}:meta"));

    private protected override void AssertEveryKeyExpires(Topic topic)
    {
        var keys = ((object?[])Server.Execute("KEYS", $"{{{topic}}}:*")!).Cast<string>().ToArray();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.True(Server.Execute("PTTL", key) is > 0L, $"{key} never expires."));
    }

    [RedisFact]
    public async Task Keys_OfATopic_AllExpire()
    {
        var topic = NewTopic();
        await PublishAsync(A, topic, 3);
        AssertEveryKeyExpires(topic);

        await A.PublishAsync(topic, "hi", id: "m1");
        AssertEveryKeyExpires(topic);

        var read = NewTopic();
        await A.Backplane.ReadAsync(read, "", 0, 0);
        AssertEveryKeyExpires(read);

        var user = Topic.User(read.Id);
        await A.Places.AdmitAsync(user, 1, [A.Id], areAll: true);
        AssertEveryKeyExpires(user);
    }

    [RedisFact]
    public async Task Ids_OfMessagesThatLeftTheLog_TakeNoRoom()
    {
        var node = await StartWithAShortLogAsync();
        var topic = NewTopic();

        for (var i = 1; i <= 96; i++)
        {
            await node.PublishAsync(topic, "hi", id: $"m{i}");
        }

        Assert.Equal(10L, Server.Execute("ZCARD", $"{{{topic}}}:ids"));
    }

    // In a topic of fewer than 32 messages, one without an id once deferred the renewal of all ids until there were that many. The ids expired before
    // their messages, and a message that was sent again was duplicated.
    [RedisFact]
    public async Task Ids_InATopicThatHasMessagesWithoutThem_TooLastAsLongAsTheirMessages()
    {
        var topic = NewTopic();
        var (log, meta, ids) = ($"{{{topic}}}:log", $"{{{topic}}}:meta", $"{{{topic}}}:ids");
        await A.PublishAsync(topic, "hi", id: "m1");
        Server.Execute("PEXPIRE", ids, "60000");
        Server.Execute("HSET", meta, "x", "0"); // the state minutes later

        await A.PublishAsync(topic, "without");
        await A.PublishAsync(topic, "hi", id: "m2");

        Assert.InRange((long)Server.Execute("PTTL", ids)!, (long)Server.Execute("PTTL", log)!, long.MaxValue);
    }

    // A Garnet that is killed keeps a message whose offset it has not written yet. Once, the next message received the same offset, and clients that
    // read both dropped it: an acknowledged message was lost silently.
    [RedisFact]
    public async Task Message_ThatCameBackWithoutItsOffset_KeepsItsPlace()
    {
        foreach (var isReadFirst in (bool[])[true, false])
        {
            var topic = NewTopic();
            var first = await A.PublishAsync(topic, "one");
            Server.Execute(
                "RPUSH",
                $"{{{topic}}}:log",
                $$"""{"Offset":2,"Epoch":"{{first.Epoch}}","At":1,"Id":"m2","Via":"gone-1","FromId":"anna","ToId":"{{topic.Id}}","Msg":"half"}""");
            Server.Execute("HSET", $"{{{topic}}}:meta", "l", "before");
            if (isReadFirst)
            {
                Assert.Equal([("half", 2)], (await A.ReadAsync(topic, first.Epoch, 1)).Select(static heard => (heard.Msg, heard.Offset)));
            }

            Assert.Equal(3, (await B.PublishAsync(topic, "next")).Offset);
            Assert.Equal([("half", 2), ("next", 3)], (await A.ReadAsync(topic, first.Epoch, 1)).Select(static heard => (heard.Msg, heard.Offset)));
        }
    }

    // Nodes notice one after the other that Redis is in another life, within a tick. Later, the same life is that of a server to which a slot came back.
    [RedisFact]
    public async Task Life_ThatALogHasJustLeft_IsThatOfALateNode_ForAMoment()
    {
        var topic = NewTopic();
        var meta = $"{{{topic}}}:meta";
        var first = await A.PublishAsync(topic, "one");
        Server.Execute("HSET", meta, "k", (string)Server.Execute("HGET", meta, "l")!, "l", "another");

        Assert.Equal(first.Epoch, (await A.PublishAsync(topic, "two")).Epoch);
        Assert.Equal(first.Epoch, (await A.Backplane.ReadAsync(topic, "", 0, 0)).Epoch);
        Assert.Equal("another", Server.Execute("HGET", meta, "l"));

        Server.Execute("HSET", meta, "e", "6000000000001");
        Assert.NotEqual("6000000000001", (await A.PublishAsync(topic, "three")).Epoch);
        Assert.NotEqual("another", Server.Execute("HGET", meta, "l"));
    }

    [RedisFact]
    public async Task Nodes_WithAnotherPrefix_AreAnotherCluster()
    {
        var other = await StartNodeAsync(prefix: "other:");
        var topic = NewTopic();
        await A.Backplane.SubscribeAsync(topic);
        await other.Backplane.SubscribeAsync(topic);

        await other.PublishAsync(topic, "theirs");
        await B.PublishAsync(topic, "ours");

        Assert.Equal((topic.Name, "ours", 1), await A.Listener.NextAsync() is var ours ? (ours.Topic, ours.Msg, ours.Offset) : default);
        Assert.Equal((topic.Name, "theirs", 1), await other.Listener.NextAsync() is var theirs ? (theirs.Topic, theirs.Msg, theirs.Offset) : default);
        Assert.Equal(1L, Server.Execute("EXISTS", $"other:{{{topic}}}:log"));
    }

    [RedisFact]
    public async Task Scripts_WhenTheServerForgotThem_AreLoadedAgain()
    {
        var topic = NewTopic();
        Server.Execute("SCRIPT", "FLUSH");

        Assert.True((await A.PublishAsync(topic, "hi")).IsPublished);
        Assert.Single(await A.ReadAsync(topic, (await B.PublishAsync(topic, "ho")).Epoch, 1));
    }

    [RedisFact]
    public async Task Topic_WrittenToByMoreThanOneNode_HasOneLimitForAll()
    {
        var options = BackplaneNode.PatientOptions();
        options.TopicMessagesPerSecond = 20;
        var clock = new ManualTimeProvider(); // stands still, so that the allowance does not grow meanwhile
        var one = await StartNodeAsync(options, clock);
        var two = await StartNodeAsync(options, clock);
        var (topic, other) = (NewTopic(), NewTopic());

        var published = 0;
        var (first, second) = (true, true);
        for (var i = 0; i < 40; i++)
        {
            first = (await one.PublishAsync(topic, "hi")).IsPublished;
            second = (await two.PublishAsync(topic, "hi")).IsPublished;
            published += (first ? 1 : 0) + (second ? 1 : 0);
        }

        Assert.InRange(published, 20, 22);
        Assert.True((await one.PublishAsync(topic, "hi")).IsTopicBusy);
        Assert.True((await one.PublishAsync(topic, "1", isRemoval: true)).IsPublished);
        Assert.True((await one.PublishAsync(other, "hi")).IsPublished);
        clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True((await one.PublishAsync(topic, "hi")).IsPublished);
    }

    // Its old position says nothing of what others have written. Once everything since then counted as written at that moment.
    [RedisFact]
    public async Task Message_ThatComesAgain_LeavesTheTopicsRateAlone()
    {
        var topic = NewTopic();
        await A.PublishAsync(topic, "hi", id: "m1");
        await PublishAsync(A, topic, 30);
        var options = BackplaneNode.PatientOptions();
        options.TopicMessagesPerSecond = 10;
        var node = await StartNodeAsync(options, new ManualTimeProvider()); // nobody has written to the topic there for a while

        Assert.True((await node.PublishAsync(topic, "hi", id: "m1")).IsPublished);
        Assert.True((await node.PublishAsync(topic, "one")).IsPublished);

        Assert.True((await node.PublishAsync(topic, "two")).IsPublished);
    }

    [RedisFact]
    public async Task Topic_WithMoreBytesThanMayBe_IsBusyUntilTheyAreWorkedOff()
    {
        var options = BackplaneNode.PatientOptions();
        options.TopicBytesPerSecond = 10_000;
        var clock = new ManualTimeProvider();
        var node = await StartNodeAsync(options, clock);
        var topic = NewTopic();

        Assert.True((await node.PublishAsync(topic, new string('x', 15_000))).IsPublished);
        Assert.True((await node.PublishAsync(topic, "x")).IsTopicBusy);
        clock.Advance(TimeSpan.FromMilliseconds(400));
        Assert.True((await node.PublishAsync(topic, "x")).IsTopicBusy);
        clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.True((await node.PublishAsync(topic, "x")).IsPublished);
    }

    [RedisFact]
    public async Task Admission_CountsAUsersConnectionsOnEveryLivingNode()
    {
        var user = Topic.User(NewTopic().Id);
        string[] alive = [A.Id, B.Id];

        Assert.Equal((Admittance.Granted, 1), await A.Places.AdmitAsync(user, 2, alive, areAll: false));
        Assert.Equal((Admittance.Granted, 2), await B.Places.AdmitAsync(user, 2, alive, areAll: false));
        Assert.Equal((Admittance.Refused, 0), await A.Places.AdmitAsync(user, 2, alive, areAll: false));
        Assert.Equal(2, await A.Places.CountConnectionsAsync(user, alive));
        Assert.Equal(1, await A.Places.CountConnectionsAsync(user, [A.Id])); // a dead node's count stays, and makes no share smaller
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: true)); // B died, and its connection with it
        Assert.Equal((Admittance.Refused, 0), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        A.Places.Release(user);
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        A.Places.Release(user);
        A.Places.Release(user);
        await Eventually.TrueAsync(() => Server.Execute("EXISTS", $"{{{user}}}:conns") is 0L);
    }

    /// <summary>Other nodes once discarded the counts of a node that they did not know yet, and its users could exceed their limit.</summary>
    [RedisFact]
    public async Task Admission_OnANodeThatDoesNotKnowAnother_CountsItsConnectionsAllTheSame()
    {
        var user = Topic.User(NewTopic().Id);
        Assert.Equal((Admittance.Granted, 1), await B.Places.AdmitAsync(user, 2, [B.Id], areAll: false));

        Assert.Equal((Admittance.Granted, 1), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false)); // only its own is sure
        Assert.Equal((Admittance.DependsOnOtherNodes, 0), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        Assert.Equal((Admittance.Refused, 0), await A.Places.AdmitAsync(user, 2, [A.Id, B.Id], areAll: true));
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: true));
    }
}
