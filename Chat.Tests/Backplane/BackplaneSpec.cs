using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>What the backplane promises about publishing, whatever server it is made of.</summary>
public abstract class BackplaneSpec(RedisFixture redis) : IAsyncLifetime
{
    private static int topics;

    private readonly List<BackplaneNode> _nodes = [];

    private protected RedisServer Server => redis.Server;

    /// <summary>What the connection strings have more.</summary>
    private protected virtual string With => "";

    private protected BackplaneNode A => _nodes[0];

    private protected BackplaneNode B => _nodes[1];

    /// <summary>A topic that no other test uses.</summary>
    private protected static Topic NewTopic() => Topic.Group("t" + Interlocked.Increment(ref topics));

    public async Task InitializeAsync()
    {
        await StartNodeAsync();
        await StartNodeAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private protected async Task<BackplaneNode> StartNodeAsync(BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "", string? at = null)
    {
        var node = await BackplaneNode.StartAsync((at ?? Server.ConnectionString) + With, options, time, prefix);
        _nodes.Add(node);
        return node;
    }

    [RedisFact]
    public async Task Message_ReachesEverySubscribedNode_WithThePositionItsSenderIsTold()
    {
        var topic = NewTopic();
        await A.Backplane.SubscribeAsync(topic);
        await B.Backplane.SubscribeAsync(topic);

        var outcome = await A.PublishAsync(topic, "hi", from: "anna");

        var expected = new Heard(topic.Name, outcome.Epoch, 1, outcome.Id, "anna", "hi", "");
        Assert.Equal((true, 1), (outcome.IsPublished, outcome.Offset));
        Assert.NotEmpty(outcome.Epoch);
        Assert.Equal(expected, await A.Listener.NextAsync());
        Assert.Equal(expected, await B.Listener.NextAsync());
    }

    [RedisFact]
    public async Task Messages_OfConcurrentPublishersOnTwoNodes_HaveOneOrderWithoutAGap()
    {
        const int Each = 250;
        var topic = NewTopic();
        await A.Backplane.SubscribeAsync(topic);
        await B.Backplane.SubscribeAsync(topic);

        var publishers = new[] { A, B, A, B }.Select((node, publisher) => Task.Run(() => Task.WhenAll(
            Enumerable.Range(0, Each).Select(i => node.PublishAsync(topic, $"{i}", from: $"{publisher}")))));
        var outcomes = (await Task.WhenAll(publishers)).SelectMany(outcome => outcome);

        var atA = await A.Listener.NextAsync(4 * Each);
        Assert.Equal(Enumerable.Range(1, 4 * Each), atA.Select(heard => (int)heard.Offset));
        Assert.Equal(atA, await B.Listener.NextAsync(4 * Each));
        Assert.Equal(atA.Select(heard => (heard.Id, heard.Offset)), outcomes.Select(outcome => (outcome.Id, outcome.Offset)).OrderBy(outcome => outcome.Offset));
        foreach (var sender in atA.GroupBy(heard => heard.From))
        {
            Assert.Equal(Enumerable.Range(0, Each), sender.Select(heard => int.Parse(heard.Msg, System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    [RedisFact]
    public async Task Message_PublishedAgainOnAnotherNode_KeepsItsPositionAndIsHeardOnce()
    {
        var topic = NewTopic();
        await A.Backplane.SubscribeAsync(topic);

        var first = await A.PublishAsync(topic, "hi", id: "m1");
        var again = await B.PublishAsync(topic, "hi", id: "m1");
        await A.PublishAsync(topic, "end");

        Assert.Equal((true, first.Epoch, 1, "m1"), (again.IsPublished, again.Epoch, again.Offset, again.Id));
        Assert.Equal(["hi", "end"], (await A.Listener.NextAsync(2)).Select(heard => heard.Msg));
    }

    [RedisFact]
    public async Task MessageId_OfAnotherUser_IsAnotherMessage()
    {
        var topic = NewTopic();

        await A.PublishAsync(topic, "one", id: "m1", from: "1");
        var other = await A.PublishAsync(topic, "two", id: "m1", from: "2");

        Assert.Equal(2, other.Offset);
    }

    [RedisFact]
    public async Task Signal_IsHeardAndNotKept()
    {
        var topic = NewTopic();
        await B.Backplane.SubscribeAsync(topic);

        var outcome = await A.PublishAsync(topic, "", signal: "typing");

        Assert.Equal((true, "", 0), (outcome.IsPublished, outcome.Epoch, outcome.Offset));
        Assert.Equal("typing", (await B.Listener.NextAsync()).Kind);
        Assert.Equal(0L, Server.Execute("EXISTS", $"{{{topic}}}:log"));
    }

    [RedisFact]
    public async Task KindWithoutLog_IsPlainPublishing()
    {
        var options = BackplaneNode.PatientOptions();
        options.Group.Messages = 0;
        var node = await StartNodeAsync(options);
        var topic = NewTopic();
        await B.Backplane.SubscribeAsync(topic);

        var outcome = await node.PublishAsync(topic, "hi", id: "m1");

        Assert.Equal((true, "m1", "", 0), (outcome.IsPublished, outcome.Id, outcome.Epoch, outcome.Offset));
        Assert.Equal("hi", (await B.Listener.NextAsync()).Msg);
        Assert.Empty(await node.ReadAsync(topic, "", 0));
        Assert.Equal(0L, Server.Execute("EXISTS", $"{{{topic}}}:log", $"{{{topic}}}:meta"));
    }

    [RedisFact]
    public async Task Topic_AfterUnsubscribing_IsHeardNoMore()
    {
        var (left, kept) = (NewTopic(), NewTopic());
        await A.Backplane.SubscribeAsync(left);
        await A.Backplane.SubscribeAsync(kept);

        A.Backplane.Unsubscribe(left);
        await Eventually.TrueAsync(async () => await A.Backplane.CountSubscribersAsync(left) == 0);
        await B.PublishAsync(left, "not heard");
        await B.PublishAsync(kept, "heard");

        Assert.Equal("heard", (await A.Listener.NextAsync()).Msg);
        Assert.Equal(1, await B.Backplane.CountSubscribersAsync(kept));
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
        var clock = new ManualTimeProvider(); // stands still: nothing more is allowed meanwhile
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
        Assert.Equal(2, await A.Places.CountConnectionsAsync(user));
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: true)); // B died, and its connection with it
        Assert.Equal((Admittance.Refused, 0), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        A.Places.Release(user);
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        A.Places.Release(user);
        A.Places.Release(user);
        await Eventually.TrueAsync(() => Server.Execute("EXISTS", $"{{{user}}}:conns") is 0L);
    }

    /// <summary>A node that was still unknown to the others lost its counts to them, and its users could exceed their limit.</summary>
    [RedisFact]
    public async Task Admission_OnANodeThatDoesNotKnowAnother_CountsItsConnectionsAllTheSame()
    {
        var user = Topic.User(NewTopic().Id);
        Assert.Equal((Admittance.Granted, 1), await B.Places.AdmitAsync(user, 2, [B.Id], areAll: false));

        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        Assert.Equal((Admittance.DependsOnOtherNodes, 0), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: false));
        Assert.Equal((Admittance.Refused, 0), await A.Places.AdmitAsync(user, 2, [A.Id, B.Id], areAll: true));
        Assert.Equal((Admittance.Granted, 2), await A.Places.AdmitAsync(user, 2, [A.Id], areAll: true));
    }
}
