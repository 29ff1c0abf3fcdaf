using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>All members of a topic see the same order, whoever publishes on whichever node.</summary>
[Collection(OpenGroup.Name)]
public sealed class OrderTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    private const int Each = 200;

    [Fact]
    public async Task Order_WithPublishersOnAllNodes_IsTheSameForAllMembers()
    {
        var members = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Cluster.ConnectAsync(i % 3, $"/chat/group/order/m{i}?format=json")));
        await Task.WhenAll(members.Select(member => member.NextFrameAsync("subscribed")));

        await Task.WhenAll(members.Select(async (member, m) =>
        {
            for (var i = 0; i < Each; i++)
            {
                await member.SendJsonAsync(new { Msg = $"{m}/{i}", MsgId = $"{m}-{i}" });
            }
        }));

        var seen = await Task.WhenAll(members.Select(member => ReadAsync(member, messages: 5 * Each, acks: Each)));
        var order = Log(seen);
        Assert.Equal(Enumerable.Range(1, 6 * Each).Select(offset => (long)offset), order.Keys);
        foreach (var (messages, _) in seen)
        {
            Assert.Equal(messages.Select(message => message.Offset).Order(), messages.Select(message => message.Offset));
        }

        for (var m = 0; m < 6; m++)
        {
            // Messages of one connection keep their order.
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{m}-{i}"), order.Values.Where(id => id.StartsWith($"{m}-", StringComparison.Ordinal)));
        }

        await Task.WhenAll(members.Select(member => member.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Join_DuringPublishing_ContinuesExactlyWhereItSays()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/joining/p?format=json");
        using var enough = new CancellationTokenSource();
        var publishing = PublishUntilAsync(publisher, enough.Token);
        for (var i = 0; i < 60; i++)
        {
            await using var joiner = await Cluster.ConnectAsync(i % 3, $"/chat/group/joining/j{i}?format=json");
            var joined = await joiner.NextFrameAsync();
            Assert.Equal(("subscribed", true), (joined.Type, joined.Recovered));
            for (var next = joined.Offset + 1; next <= joined.Offset + 5; next++)
            {
                Assert.Equal(next, (await joiner.NextFrameAsync()).Offset);
            }
        }

        await enough.CancelAsync();
        await publishing;
    }

    /// <summary>Publishes messages one after the other, each when the one before is acknowledged.</summary>
    internal static async Task<int> PublishUntilAsync(ChatClient publisher, CancellationToken enough)
    {
        var sent = 0;
        while (!enough.IsCancellationRequested)
        {
            await publisher.SendJsonAsync(new { Msg = $"{sent}", MsgId = $"{sent}" });
            Assert.Equal($"{sent++}", (await publisher.NextFrameAsync("ack")).Id);
        }

        return sent;
    }

    private static async Task<(List<ChatFrame> Messages, List<ChatFrame> Acks)> ReadAsync(ChatClient member, int messages, int acks)
    {
        var (read, acknowledged) = (new List<ChatFrame>(), new List<ChatFrame>());
        while (read.Count < messages || acknowledged.Count < acks)
        {
            var frame = await member.NextFrameAsync();
            (frame.Type == "ack" ? acknowledged : read).Add(frame);
        }

        return (read, acknowledged);
    }

    /// <summary>The ids by offset, as everyone saw them. Fails if two saw different ids.</summary>
    private static SortedDictionary<long, string> Log(IEnumerable<(List<ChatFrame> Messages, List<ChatFrame> Acks)> seen)
    {
        var log = new SortedDictionary<long, string>();
        foreach (var frame in seen.SelectMany(one => one.Messages.Concat(one.Acks)))
        {
            Assert.True(log.TryAdd(frame.Offset, frame.Id!) || log[frame.Offset] == frame.Id, $"{frame.Offset} is {log[frame.Offset]} to one and {frame.Id} to another");
        }

        return log;
    }
}
