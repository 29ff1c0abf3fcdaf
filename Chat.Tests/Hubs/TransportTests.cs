using System.Text.Json;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>The whole contract, once for each of the official clients over each transport, through the edge.</summary>
public sealed class TransportTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.NegotiatedWebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public Task DotNetClient_SpeaksTheWholeContract(HubTransport transport) =>
        SpeakAsync(async (nick, options) => await HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport, options));

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.NegotiatedWebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public Task DotNetClient_SpeaksTheWholeContract_InMessagePack(HubTransport transport) =>
        SpeakAsync(async (nick, options) => await HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport, options with { SpeaksMessagePack = true }));

    [NodeJsTheory]
    [InlineData(HubLibrary.JavaScript, HubTransport.WebSockets)]
    [InlineData(HubLibrary.JavaScript, HubTransport.NegotiatedWebSockets)]
    [InlineData(HubLibrary.JavaScript, HubTransport.ServerSentEvents)]
    [InlineData(HubLibrary.JavaScript, HubTransport.LongPolling)]
    [InlineData(HubLibrary.Seed, HubTransport.WebSockets)]
    [InlineData(HubLibrary.Seed, HubTransport.NegotiatedWebSockets)]
    [InlineData(HubLibrary.Seed, HubTransport.ServerSentEvents)]
    [InlineData(HubLibrary.Seed, HubTransport.LongPolling)]
    public async Task JavaScriptClient_SpeaksTheWholeContract(HubLibrary library, HubTransport transport)
    {
        await using var script = await HubScript.StartAsync();
        await SpeakAsync(async (nick, options) => await script.ConnectAsync(library, Cluster.Edge, nick, transport, options));
    }

    [NodeJsTheory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public async Task JavaScriptClient_SpeaksTheWholeContract_InMessagePack(HubTransport transport)
    {
        await using var script = await HubScript.StartAsync();
        await SpeakAsync(async (nick, options) =>
            await script.ConnectAsync(HubLibrary.JavaScript, Cluster.Edge, nick, transport, options with { SpeaksMessagePack = true }));
    }

    private static async Task SpeakAsync(Func<string, HubClientOptions, Task<HubClient>> connectAsync)
    {
        var unique = Guid.NewGuid().ToString("N")[..8];
        var (group, anna, ben) = ($"42-{unique}", $"anna-{unique}", $"ben-{unique}");
        await using var phone = await connectAsync(anna, new HubClientOptions { Mirrors = true });
        await using var tablet = await connectAsync(anna, new HubClientOptions { Mirrors = true });
        await using var other = await connectAsync(ben, new HubClientOptions());

        await phone.JoinAsync(group);
        await tablet.JoinAsync(group);
        var joined = await other.JoinAsync(group);
        Assert.Equal(new HubEvent("joined", group, ben), await phone.NextWhereAsync(next => next.Nick == ben));
        Assert.Equal(new HubEvent("joined", group, ben), await tablet.NextWhereAsync(next => next.Nick == ben));

        // The message goes to everyone in the group, the sender included. It is the other's first event, since nobody is told of their own join.
        var posted = await phone.PostAsync(group, "Hi \"<Ben>\" 你好 🙂", $"m-{unique}");
        foreach (var client in (HubClient[])[phone, tablet, other])
        {
            var message = await client.NextAsync();
            Assert.Equal(
                ("message", group, anna, "Hi \"<Ben>\" 你好 🙂", posted.Id, posted.Epoch, posted.Offset),
                (message.Name, message.Group, message.Nick, message.Message, message.Id, message.Epoch, message.Offset));
            Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - message.At, -60_000, 60_000);
        }

        Assert.Equal($"m-{unique}", posted.Id);
        Assert.Equal(posted, await tablet.PostAsync(group, "Hi \"<Ben>\" 你好 🙂", $"m-{unique}"));
        Assert.Equal([posted.Offset], (await other.HistoryAsync(group)).Messages.Select(message => message.Offset));
        Assert.Equal([posted.Offset], (await other.JoinAsync(group, joined.Position)).Messages.Select(message => message.Offset));

        await phone.TypingAsync(group);
        Assert.Equal(new HubEvent("typing", group, anna), await other.NextAsync("typing"));
        var sent = await phone.SendAsync(ben, "between us");
        var direct = await other.NextAsync("direct");
        Assert.Equal((anna, ben, "between us", sent.Id, sent.Offset), (direct.Nick, direct.To, direct.Message, direct.Id, direct.Offset));

        var refused = await Assert.ThrowsAsync<HubException>(() => phone.PostAsync(" blank", "x"));
        Assert.Contains("invalid_id: ", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<HubException>(() => phone.InvokeAsync("shout", new { group }));

        // The mirror goes to every device. After the call none of them is in the group, whatever they do.
        Assert.Equal(new HubLeft(3, 3), await phone.LeaveAsync(group));
        foreach (var device in (HubClient[])[phone, tablet])
        {
            var mirror = await device.NextAsync("mirror");
            Assert.Equal(("unsubscribe", group), (mirror.Method, mirror.Payload?.Group));
        }

        Assert.Equal(new HubEvent("lost", group, anna), await other.NextAsync("lost"));
        await other.PostAsync(group, "they are gone");
        Assert.Equal("they are gone", (await other.NextAsync("message")).Message);
        await other.SendAsync(anna, "still here?");
        foreach (var device in (HubClient[])[phone, tablet])
        {
            Assert.DoesNotContain(await device.UntilAsync(next => next.Name == "direct"), next => next.Name == "message");
        }

        Assert.Equal(JsonValueKind.Number, (await phone.InvokeAsync("post", new { message = "not a member", group, nick = "somebody else" })).GetProperty("offset").ValueKind);
        var fromOutside = await other.NextAsync("message");
        Assert.Equal((anna, "not a member"), (fromOutside.Nick, fromOutside.Message));
    }
}
