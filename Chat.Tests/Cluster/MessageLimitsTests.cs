using System.Net.WebSockets;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Limits on what a client sends: size, rate, shape, encoding.</summary>
[Collection(LimitsGroup.Name)]
public sealed class MessageLimitsTests(LimitsCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Fact]
    public async Task MessageBytes_UpToTheLimit_Arrive()
    {
        await using var ada = await Cluster.ConnectAsync(0, "/chat/group/size/ada");
        await using var bob = await Cluster.ConnectAsync(1, "/chat/group/size/bob");
        var text = new string('x', 1024);

        await ada.SendAsync(text);

        Assert.Equal("group 【size】 user 【ada】 send:" + text, await bob.NextAsync());
    }

    [Fact]
    public async Task MessageBytes_OverTheLimit_CloseWith1009()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/group/size/big");

        await client.SendAsync(new string('x', 1025));

        Assert.Equal(new Closing(1009, "message too big"), await client.ClosedAsync());
    }

    /// <summary>Text travels as JSON, in which a control character takes six bytes. 32 KiB of them once became 192 KiB in Redis and in every member's
    /// outbox.</summary>
    [Fact]
    public async Task MessageBytes_OverTheLimitOnceEscaped_IsAnError_AndTheConnectionStays()
    {
        await using var ada = await Cluster.ConnectAsync(0, "/chat/group/escaped/ada");
        await using var bob = await Cluster.ConnectAsync(1, "/chat/group/escaped/bob");

        await ada.SendAsync(new string('\u0001', 170)); // 1,020 bytes escaped
        await ada.SendAsync(new string('\u0001', 171));
        await ada.SendAsync("still here");

        Assert.StartsWith("error: The message is too big", await ada.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("group 【escaped】 user 【ada】 send:" + new string('\u0001', 170), await bob.NextAsync());
        Assert.Equal("group 【escaped】 user 【ada】 send:still here", await bob.NextAsync());
    }

    [Fact]
    public async Task MessageBytes_AnnouncedButNotSent_CloseWith1009()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/size/liar");

        await client.SendBytesAsync(RawWebSocket.Frame(WebSocketOpcode.Text, new byte[5000]).AsMemory(0, 20));

        Assert.Equal(1009, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task Fragments_TogetherWithinTheLimit_AreOneMessage()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/pieces/ada");
        await using var bob = await Cluster.ConnectAsync(1, "/chat/group/pieces/bob");
        var text = "é🙂"u8.ToArray(); // cut inside both characters

        await client.SendAsync(WebSocketOpcode.Text, text.AsSpan(0, 1), fin: false);
        await client.SendAsync(WebSocketOpcode.Ping, "between"u8);
        await client.SendAsync(WebSocketOpcode.Continuation, text.AsSpan(1, 3), fin: false);
        await client.SendAsync(WebSocketOpcode.Continuation, text.AsSpan(4));

        Assert.Equal("group 【pieces】 user 【ada】 send:é🙂", await bob.NextAsync());
        Assert.Equal("between", (await client.ReadAsync(WebSocketOpcode.Pong)).Text);
    }

    [Fact]
    public async Task Fragments_TogetherOverTheLimit_CloseWith1009()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/pieces/big");

        await client.SendAsync(WebSocketOpcode.Text, new byte[600], fin: false);
        await client.SendAsync(WebSocketOpcode.Continuation, new byte[600], fin: false);

        Assert.Equal(1009, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task Rate_OverTheBurst_IsAnErrorAndThenAClose()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/group/rate/ada?format=json");

        // Sends without waiting, so that the bucket (30, and 5 a second) runs dry and stays so.
        for (var i = 0; i < 200 && !client.Ended.IsCompleted; i++)
        {
            await TrySendAsync(client, """{"Msg":"x"}""");
        }

        var error = await client.NextFrameAsync("error");
        Assert.Equal(("too_many_messages", true), (error.Code, error.Retry));
        Assert.Equal(new Closing(1008, "too many messages"), await client.ClosedAsync());
    }

    [Fact]
    public async Task Rate_ExceededSteadilyThoughNeverMuch_EndsTheConnection()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/group/rate3/ada");
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20)); // ten times the limit, so one in ten is accepted
        while (!client.Ended.IsCompleted && await ticks.WaitForNextTickAsync())
        {
            await TrySendAsync(client, "x");
        }

        Assert.Equal(new Closing(1008, "too many messages"), await client.ClosedAsync());
    }

    [Fact]
    public async Task Rate_OverTheBurst_DropsNothingThatWasTaken()
    {
        await using var ada = await Cluster.ConnectAsync(0, "/chat/group/rate2/ada?format=json");
        await using var bob = await Cluster.ConnectAsync(1, "/chat/group/rate2/bob?format=json");
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 32; i++)
        {
            await ada.SendJsonAsync(new { Msg = "x", MsgId = $"m{i}" });
        }

        var answers = new List<ChatFrame>();
        while (answers.Count < 32)
        {
            answers.Add(await ada.NextFrameAsync() is { Type: not "subscribed" } frame ? frame : await ada.NextFrameAsync());
        }

        var taken = answers.Where(frame => frame.Type == "ack").ToList();
        Assert.InRange(taken.Count, 30, 31 + (int)(5 * TimeProvider.System.GetElapsedTime(began).TotalSeconds)); // five a second are added meanwhile
        foreach (var ack in taken)
        {
            Assert.Equal(ack.Id, (await bob.NextFrameAsync("message")).Id);
        }
    }

    [Fact]
    public async Task Utf8_Invalid_ClosesWith1007()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/group/utf/ada");

        await client.SendAsync(new byte[] { 0x61, 0xC3, 0x28 }, WebSocketMessageType.Text);

        Assert.Equal(1007, (await client.ClosedAsync()).Code);
    }

    [Fact]
    public async Task Binary_ClosesWith1003()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/user/bin");

        await client.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Binary);

        Assert.Equal(new Closing(1003, "text frames only"), await client.ClosedAsync());
    }

    [Fact]
    public async Task Malformed_TwentyInARow_CloseWith1008()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/user/mal?format=json");
        await client.NextFrameAsync("subscribed");

        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync("{]");
            var error = await client.NextFrameAsync();
            Assert.Equal(("error", "malformed", false), (error.Type, error.Code, error.Retry));
        }

        Assert.Equal(new Closing(1008, "too many malformed messages"), await client.ClosedAsync());
    }

    [Fact]
    public async Task Malformed_WithAGoodOneInBetween_StartsCountingAnew()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/user/mal2?format=json");
        await client.NextFrameAsync("subscribed");
        for (var i = 0; i < 19; i++)
        {
            await client.SendAsync("{]");
        }

        await client.SendAsync("""{"Id":"mal2","Msg":"good","MsgId":"g"}""");
        await client.SendAsync("{]");
        await client.SendAsync("{]");

        Assert.Equal("g", (await client.NextFrameAsync("ack")).Id);
        await client.SendAsync("""{"Id":"mal2","Msg":"good","MsgId":"h"}""");
        Assert.Equal("h", (await client.NextFrameAsync("ack")).Id);
    }

    [Theory]
    [InlineData("/chat/user/shape?format=json", """["Id","Msg"]""")]
    [InlineData("/chat/user/shape?format=json", """{"Id":"x","Msg":[5]}""")]
    [InlineData("/chat/user/shape?format=json", """{"Id":"x","Msg":"y"} {}""")]
    [InlineData("/chat/user/shape?format=json", """{"Id":"x","Msg":"y","MsgId":"sp ace"}""")]
    [InlineData("/chat/user/shape?format=json", """{"Id":"","Msg":"y"}""")]
    [InlineData("/chat/user/shape?format=json", """{"Id":"x","Msg":"\ud800"}""")]
    [InlineData("/chat/group/shape/ada?format=json", "plain text")]
    [InlineData("/chat/all/shape?format=json", "{}")]
    [InlineData("/chat/channel/shape?format=json", """{"Method":"UserGroup"}""")]
    [InlineData("/chat/channel/shape?format=json", """{"Method":"UserGroup","Group":"space "}""")]
    [InlineData("/chat/channel/shape?format=json", """{"Method":"Any"}""")]
    [InlineData("/chat/channel/shape?format=json", """{"Method":"One","MsgBody":"x"}""")]
    [InlineData("/chat/channel/shape?format=json", "null")]
    public async Task Shape_NotThatOfTheEndpoint_IsAnError(string path, string message)
    {
        await using var client = await Cluster.ConnectWhenAdmittedAsync(1, path);

        await client.SendAsync(message);

        Assert.False((await client.NextFrameAsync("error")).Retry);
    }

    [Theory]
    [InlineData(7, null)]
    [InlineData(8, "malformed")]
    public async Task JsonDepth_OverTheLimit_IsMalformed(int arrays, string? code)
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/group/deep/ada?format=json");
        await client.NextFrameAsync("subscribed");
        var nested = new string('[', arrays) + new string(']', arrays); // inside the object, which is one more level

        await client.SendAsync($$"""{"Msg":"x","MsgId":"d","Extra":{{nested}}}""");

        Assert.Equal(code, (await client.NextFrameAsync()).Code);
    }

    private static async Task TrySendAsync(ChatClient client, string text)
    {
        try
        {
            await client.SendAsync(text);
        }
        catch (WebSocketException)
        {
            // The connection was closed meanwhile, as expected in the end.
        }
    }
}
