using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>A client continues from its position on any node.</summary>
[Collection(OpenGroup.Name)]
public sealed class ResumeTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Fact]
    public async Task Resume_OnAnotherNodeDuringTraffic_MissesRepeatsAndReordersNothing()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/resume/p?format=json");
        using var enough = new CancellationTokenSource();
        var publishing = OrderTests.PublishUntilAsync(publisher, enough.Token);
        var turn = 0;
        await using var member = new ResumingClient(() => Cluster.Nodes[turn++ % 3].Address, "/chat/group/resume/m");
        await member.Subscribed.WaitAsync(ChatClient.Deadline);
        var nodes = new HashSet<string>();
        for (var breaks = 1; breaks <= 12; breaks++)
        {
            await member.UntilAsync(member.Count + 20, ChatClient.Deadline);
            nodes.Add(member.Node);
            member.Break();
            await member.UntilResumedAsync(breaks, ChatClient.Deadline);
        }

        await enough.CancelAsync();
        var sent = await publishing;
        var first = int.Parse(member.Messages[0].Id!, System.Globalization.CultureInfo.InvariantCulture);
        await member.UntilAsync(sent - first, ChatClient.Deadline);

        Assert.Equal(Enumerable.Range(first, sent - first).Select(i => $"{i}"), member.Messages.Select(message => message.Id));
        Assert.Equal((12, 0, 0), (member.Resumes, member.Holes, member.Repeated));
        Assert.Equal(3, nodes.Where(node => node.Length > 0).Distinct().Count());
    }

    [Fact]
    public async Task Resume_OfAGroupOnAChannel_ReplaysWhatWasMissed_ThenGoesOn()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/since/p?format=json");
        var joined = await publisher.NextFrameAsync("subscribed");
        await publisher.SendJsonAsync(new { Msg = "one", MsgId = "1" });
        await publisher.SendJsonAsync(new { Msg = "two", MsgId = "2" });
        await publisher.UntilAsync(text => text.Contains("\"id\":\"2\"", StringComparison.Ordinal));

        await using var member = await Cluster.ConnectAsync(1, "/chat/channel/since-m?format=json");
        await member.SendJsonAsync(new { Method = "UserGroup", Group = "since", Since = joined.Position });
        await member.UntilAsync(text => text.Contains("\"topic\":\"group:since\"", StringComparison.Ordinal) && text.Contains("\"recovered\":true", StringComparison.Ordinal));

        Assert.Equal("one", (await member.NextFrameAsync("message")).Msg);
        Assert.Equal("two", (await member.NextFrameAsync("message")).Msg);
        await publisher.SendJsonAsync(new { Msg = "three" });
        Assert.Equal("three", (await member.NextFrameAsync("message")).Msg);
    }

    [Fact]
    public async Task Resume_AfterTheWindow_SaysSo_AndGivesWhatIsLeft()
    {
        // A user's log holds 32 messages here, trimmed in steps of 32.
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/user/window-from?format=json");
        string epoch;
        await using (var reader = await Cluster.ConnectAsync(1, "/chat/user/window?format=json"))
        {
            epoch = (await reader.NextFrameAsync()).Epoch!;
        }

        for (var i = 1; i <= 100; i++)
        {
            await publisher.SendJsonAsync(new { Id = "window", Msg = "x", MsgId = $"{i}" });
            await publisher.NextFrameAsync("ack");
        }

        await using var back = await Cluster.ConnectAsync(2, $"/chat/user/window?format=json&since={epoch}:3");

        var resumed = await back.NextFrameAsync();
        Assert.Equal((epoch, false), (resumed.Epoch, resumed.Recovered));
        Assert.InRange(resumed.Offset, 4, 68);
        for (var next = resumed.Offset + 1; next <= 100; next++)
        {
            Assert.Equal((next, $"{next}"), await back.NextFrameAsync() is var frame ? (frame.Offset, frame.Id!) : default);
        }
    }

    [Theory]
    [InlineData("nosuchepoch:1")]
    [InlineData("{epoch}:1000")] // a position beyond the end of this log
    public async Task Resume_FromAPositionNobodyGave_IsNotRecovered_AndGetsWhatThereIs(string since)
    {
        var topic = $"/chat/group/strange{since.Length}";
        await using var publisher = await Cluster.ConnectAsync(0, $"{topic}/p?format=json");
        var epoch = (await publisher.NextFrameAsync()).Epoch;
        await publisher.SendJsonAsync(new { Msg = "x", MsgId = "1" });
        await publisher.NextFrameAsync("ack");

        await using var back = await Cluster.ConnectAsync(1, $"{topic}/m?format=json&since={since.Replace("{epoch}", epoch, StringComparison.Ordinal)}");

        var joined = await back.NextFrameAsync();
        Assert.Equal(("subscribed", false, epoch, 0L), (joined.Type, joined.Recovered, joined.Epoch, joined.Offset));
        Assert.Equal("1", (await back.NextFrameAsync()).Id);
    }

    [Fact]
    public async Task Resume_WithALongReplay_GetsAllOfIt_ThoughItExceedsTheOutbox()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/long/p?format=json");
        var start = (await publisher.NextFrameAsync()).Position;
        var text = new string('x', 4000);
        for (var i = 0; i < 500; i++) // 2 MB, while an outbox holds 1 MiB
        {
            await publisher.SendJsonAsync(new { Msg = text, MsgId = $"{i}" });
        }

        await publisher.UntilAsync(frame => frame.Contains("\"499\"", StringComparison.Ordinal));

        await using var back = await Cluster.ConnectAsync(1, $"/chat/group/long/m?format=json&since={start}");

        Assert.True((await back.NextFrameAsync()).Recovered);
        for (var i = 0; i < 500; i++)
        {
            Assert.Equal($"{i}", (await back.NextFrameAsync()).Id);
        }
    }

    [Fact]
    public async Task Resume_OfAChannel_TakesAPositionForEachOfItsTopics()
    {
        string user, all;
        await using (var channel = await Cluster.ConnectAsync(0, "/chat/channel/chan?format=json"))
        {
            user = (await channel.NextFrameAsync()).Position;
            all = (await channel.NextFrameAsync()).Position;
        }

        await using var other = await Cluster.ConnectAsync(1, "/chat/channel/other?format=json");
        await other.SendAsync("""{"Method":"One","MsgBody":{"Id":"chan","Msg":"to you"},"MsgId":"1"}""");
        await other.SendAsync("""{"Method":"All","MsgBody":"to all","MsgId":"2"}""");
        await other.UntilAsync(text => text.Contains("\"id\":\"2\"", StringComparison.Ordinal));

        await using var back = await Cluster.ConnectAsync(2, $"/chat/channel/chan?format=json&since={user}&since.all={all}");

        var frames = new List<ChatFrame>();
        while (frames.Count < 4)
        {
            frames.Add(await back.NextFrameAsync());
        }

        Assert.All(frames.Where(frame => frame.Type == "subscribed"), frame => Assert.True(frame.Recovered));
        Assert.Equal(["to you", "to all"], frames.Where(frame => frame.Type == "message").Select(frame => frame.Msg));
    }

    [Fact]
    public async Task Publish_WithAKnownMsgId_IsAcknowledgedAgainAndDeliveredOnce()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/once/p?format=json");
        await using var again = await Cluster.ConnectAsync(1, "/chat/group/once/p?format=json");
        await using var member = await Cluster.ConnectAsync(2, "/chat/group/once/m?format=json");

        await publisher.SendJsonAsync(new { Msg = "x", MsgId = "same" });
        var first = await publisher.NextFrameAsync("ack");
        await again.SendJsonAsync(new { Msg = "x", MsgId = "same" });
        var second = await again.NextFrameAsync("ack");
        await again.SendJsonAsync(new { Msg = "y", MsgId = "next" });

        Assert.Equal(first, second);
        Assert.Equal("same", (await member.NextFrameAsync("message")).Id);
        Assert.Equal("next", (await member.NextFrameAsync("message")).Id);
    }
}
