using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The promises of a backplane about publishing, for every implementation.</summary>
public abstract class BackplaneSpec : IAsyncLifetime
{
    private static int topics;

    private BackplaneNode? _a;
    private BackplaneNode? _b;

    private protected BackplaneNode A => _a!;

    private protected BackplaneNode B => _b!;

    public async Task InitializeAsync()
    {
        _a = await StartAsync();
        _b = await StartAsync();
    }

    public abstract Task DisposeAsync();

    /// <summary>Starts another node of the same cluster.</summary>
    private protected abstract Task<BackplaneNode> StartAsync(BackplaneOptions? options = null);

    /// <summary>A topic that no other test uses.</summary>
    private protected static Topic NewTopic() => Topic.Group("t" + Interlocked.Increment(ref topics));

    private protected virtual void AssertNothingIsKept(Topic topic)
    {
        // Overridden where keys can be inspected.
    }

    private protected virtual void AssertEveryKeyExpires(Topic topic)
    {
        // Overridden where keys can be inspected.
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
        AssertNothingIsKept(topic);
    }

    [RedisFact]
    public async Task KindWithoutLog_IsPlainPublishing()
    {
        var options = BackplaneNode.PatientOptions();
        options.Group.Messages = 0;
        var node = await StartAsync(options);
        var topic = NewTopic();
        await B.Backplane.SubscribeAsync(topic);

        var outcome = await node.PublishAsync(topic, "hi", id: "m1");

        Assert.Equal((true, "m1", "", 0), (outcome.IsPublished, outcome.Id, outcome.Epoch, outcome.Offset));
        Assert.Equal("hi", (await B.Listener.NextAsync()).Msg);
        Assert.Empty(await node.ReadAsync(topic, "", 0));
        AssertNothingIsKept(topic);
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
}
