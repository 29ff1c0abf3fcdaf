using System.Net;
using System.Net.WebSockets;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Limits on a user's connections together. One user with 20 connections, each within its own limits, once delayed a stranger's messages by
/// seconds, and with them the renewal of a node's lease.</summary>
[Collection(FloodGroup.Name)]
public sealed class UserLimitsTests(FloodCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    private readonly string _ada = $"ada-{Guid.NewGuid():N}"[..16];

    [Fact]
    public async Task Messages_OfAUser_AreSharedByTheConnectionsOnANode()
    {
        await using var one = await ConnectAsync(0);
        await using var two = await ConnectAsync(0);

        Assert.Equal(30, (await SendAsync(one, 30)).Acks);

        var answers = await SendAsync(two, 15);
        Assert.InRange(answers.Acks, 10, 14);
        Assert.Equal("too_many_messages", answers.Error);
    }

    [Fact]
    public async Task Messages_OfAUser_AreSharedByTheNodes()
    {
        await using var one = await ConnectAsync(0);
        await using var two = await ConnectAsync(1);

        // The second node knows that half of the connections are on the other one.
        var answers = await SendAsync(two, 29);
        Assert.InRange(answers.Acks, 20, 28);
        Assert.Equal("too_many_messages", answers.Error);

        // The first node learns it, since its user uses more than half.
        await SendAsync(one, 25);
        await Eventually.TrueAsync(async () => (await SendAsync(one, 1)).Error == "too_many_messages");
    }

    [Fact]
    public async Task Messages_OfAUserWhoComesBackAtOnce_AreNotAllowedAnew()
    {
        await using (var one = await ConnectAsync(0))
        {
            await SendAsync(one, 40);
        }

        await using var again = await ConnectAsync(0);
        Assert.Equal("too_many_messages", (await SendAsync(again, 10)).Error);
    }

    [Fact]
    public async Task Bytes_OfAUser_OverTheBurst_AreAnErrorAndThenAClose()
    {
        await using var client = await ConnectAsync(0);
        var text = new string('x', 900);

        var answers = await SendAsync(client, 25, text);
        Assert.InRange(answers.Acks, 20, 21);
        Assert.Equal("too_many_bytes", answers.Error);

        for (var i = 0; i < 50 && !client.Ended.IsCompleted; i++)
        {
            await TrySendAsync(client, text);
        }

        Assert.Equal(new Closing(1008, "too many bytes"), await client.ClosedAsync());
    }

    [Fact]
    public async Task Bytes_OfAUser_AreCountedAsTheyTravel()
    {
        await using var client = await Cluster.ConnectAsync(0, $"/chat/group/{_ada}/{_ada}");
        for (var i = 0; i < 25; i++)
        {
            await client.SendAsync(new string('"', 450));
        }

        Assert.StartsWith("error: Too many bytes", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_OfAUserOnTheHub_CountAsOtherMessagesDo()
    {
        await using var raw = await ConnectAsync(0);
        await SendAsync(raw, 25, new string('x', 900));
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets);

        var refused = await Assert.ThrowsAsync<HubException>(async () =>
        {
            await hub.PostAsync(_ada, new string('x', 700)); // a message of this size may still fit
            await hub.PostAsync(_ada, new string('x', 700));
        });
        Assert.Contains("too_many_bytes: ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Each new name leaves keys in Redis for days. At a thousand a second, Redis is soon full.</summary>
    [Fact]
    public async Task Topics_NewOnes_AreAnErrorBeyondTheBurst_AndKnownOnesGoOn()
    {
        await using var client = await Cluster.ConnectAsync(0, $"/chat/channel/{_ada}?format=json");
        for (var i = 0; i < 6; i++)
        {
            await client.SendJsonAsync(new { Method = "One", MsgId = $"one-{i}", MsgBody = new { Id = $"{_ada}-{i}", Msg = "x" } });
            Assert.Equal($"one-{i}", (await client.NextFrameAsync("ack")).Id);
            await client.SendJsonAsync(new { Method = "UserGroup", Group = $"{_ada}-{i}" });
            await client.NextFrameAsync("joined");
        }

        await AssertRefusedAsync(client, i => new { Method = "One", MsgId = $"more-{i}", MsgBody = new { Id = $"{_ada}-more-{i}", Msg = "x" } });
        await AssertRefusedAsync(client, i => new { Method = "UserGroup", MsgId = $"more-{i}", Group = $"{_ada}-more-{i}" });
        await client.SendJsonAsync(new { Method = "One", MsgId = "again", MsgBody = new { Id = $"{_ada}-0", Msg = "x" } });
        Assert.Equal("again", (await client.NextFrameAsync("ack")).Id);

        var refused = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await using var another = await Cluster.ConnectAsync(0, $"/chat/group/{_ada}-path-{i}/{_ada}");
            }
        });
        Assert.Equal((429, "2"), (refused.Status, refused.RetryAfter));
        await using var known = await Cluster.ConnectAsync(0, $"/chat/group/{_ada}-5/{_ada}");
    }

    [Fact]
    public async Task Topics_NewOnesOnTheHub_AreRefusedBeyondTheBurst()
    {
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets);
        for (var i = 0; i < 4; i++)
        {
            await hub.JoinAsync($"{_ada}-join-{i}");
            await hub.SendAsync($"{_ada}-send-{i}", "x");
            await hub.PostAsync($"{_ada}-post-{i}", "x");
        }

        var refused = await Assert.ThrowsAsync<HubException>(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await hub.PostAsync($"{_ada}-more-{i}", "x");
            }
        });
        Assert.Contains("too_many_new_topics: ", refused.Message, StringComparison.Ordinal);
        await hub.PostAsync($"{_ada}-post-0", "x");
    }

    /// <summary>Each of these once left an entry in the log of a group that did not exist, and a mark with the user. Redis was seen to become ever
    /// busier.</summary>
    [Fact]
    public async Task Topics_ThatAreLeftWithoutHavingBeenJoined_AreNewOnes()
    {
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets);
        var refused = await Assert.ThrowsAsync<HubException>(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await hub.LeaveAsync($"{_ada}-left-{i}");
            }
        });
        Assert.Contains("too_many_new_topics: ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Each of these is told to all members and takes a place in the group's log. In this way a user once pushed others' messages out of it.</summary>
    [Fact]
    public async Task Topics_ThatAreJoinedAndLeftInALoop_AreNewOnesEachTime()
    {
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets);
        var refused = await Assert.ThrowsAsync<HubException>(async () =>
        {
            for (var i = 0; i < 18; i++)
            {
                await hub.JoinAsync(_ada);
                await hub.LeaveAsync(_ada);
            }
        });
        Assert.Contains("too_many_new_topics: ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A user in a hundred groups who kept connecting and leaving once took a third of Redis's time.</summary>
    [Fact]
    public async Task Connections_OneAfterTheOther_AreRefusedByTheGroupsTheyComeInto()
    {
        await using (var first = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets))
        {
            for (var i = 0; i < 10; i++)
            {
                await first.JoinAsync($"{_ada}-{i}");
            }
        }

        var refused = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await using var again = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, _ada, HubTransport.WebSockets);
            }
        });

        Assert.Equal(429, refused.Status);
        refused = await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0));
        Assert.Equal((429, "2"), (refused.Status, refused.RetryAfter));
        await using var other = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, $"{_ada}-other", HubTransport.WebSockets);
    }

    // The server keeps each negotiation for a while. Once only the WebSockets were counted.
    [Fact]
    public async Task Negotiations_OneAfterTheOther_AreRefusedBeyondTheBurst()
    {
        var http = Cluster.Nodes[0].Http;
        var token = await http.GetStringAsync($"api/auth/token?nick={_ada}");
        for (var i = 0; ; i++)
        {
            Assert.InRange(i, 0, 60); // 40 at once, and one a second
            using var answer = await http.PostAsync($"signalr/chat/negotiate?negotiateVersion=1&access_token={token}", content: null);
            if (i < 40)
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
            else if (answer.StatusCode != HttpStatusCode.OK)
            {
                Assert.Equal((HttpStatusCode.TooManyRequests, 2.0), (answer.StatusCode, answer.Headers.RetryAfter?.Delta?.TotalSeconds));
                break;
            }
        }

        await using var other = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, $"{_ada}-other", HubTransport.LongPolling);
    }

    // One message a second is added meanwhile, so the first may still get through.
    private static async Task AssertRefusedAsync<T>(ChatClient client, Func<int, T> message)
    {
        for (var i = 0; ; i++)
        {
            await client.SendJsonAsync(message(i));
            var frame = await client.NextFrameAsync();
            while (frame.Type is not ("ack" or "error" or "joined"))
            {
                frame = await client.NextFrameAsync();
            }

            if (frame.Type == "error")
            {
                Assert.Equal(("too_many_new_topics", true, $"more-{i}"), (frame.Code, frame.Retry, frame.Id));
                return;
            }
        }
    }

    private Task<ChatClient> ConnectAsync(int node) => Cluster.ConnectAsync(node, $"/chat/group/{_ada}/{_ada}?format=json");

    /// <summary>Sends messages and waits for the same number of answers.</summary>
    private static async Task<(int Acks, string? Error)> SendAsync(ChatClient client, int messages, string text = "x")
    {
        for (var i = 0; i < messages; i++)
        {
            await client.SendJsonAsync(new { Msg = text, MsgId = $"{Guid.NewGuid():N}" });
        }

        var (acks, error) = (0, (string?)null);
        for (var answers = 0; answers < messages;)
        {
            var frame = await client.NextFrameAsync();
            answers += frame.Type is "ack" or "error" ? 1 : 0;
            acks += frame.Type == "ack" ? 1 : 0;
            error = frame.Code ?? error;
        }

        return (acks, error);
    }

    private static async Task TrySendAsync(ChatClient client, string text)
    {
        try
        {
            await client.SendJsonAsync(new { Msg = text });
        }
        catch (WebSocketException)
        {
            // The connection was closed meanwhile, as expected in the end.
        }
    }
}
