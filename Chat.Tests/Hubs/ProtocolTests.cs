using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>JSON and MessagePack side by side, and data that are neither.</summary>
public sealed class ProtocolTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");

    [Fact]
    public async Task Members_OfBothProtocols_HearTheSame_InOneOrder()
    {
        await using var json = await ConnectAsync(Unique("json"));
        await using var packed = await ConnectAsync(Unique("packed"), new HubClientOptions { SpeaksMessagePack = true });
        await using var polling = await ConnectAsync(Unique("polling"), new HubClientOptions { SpeaksMessagePack = true }, HubTransport.LongPolling);
        await using var raw = await Cluster.ConnectAsync($"/chat/group/{_group}/raw?format=json");
        HubClient[] members = [json, packed, polling];
        foreach (var member in members)
        {
            await member.JoinAsync(_group);
        }

        string[] texts = ["plain", "\"quoted\" \\ and\nbroken", "käse 🧀 \u2028", new('x', 30_000)];
        foreach (var text in texts)
        {
            await raw.SendJsonAsync(new { Msg = text });
            await packed.PostAsync(_group, text, "m-1" + text.Length);
        }

        var heard = new List<HubEvent[]>();
        foreach (var member in members)
        {
            var messages = new List<HubEvent>();
            while (messages.Count < 2 * texts.Length)
            {
                messages.Add(await member.NextWhereAsync(next => next.Name == "message" && next.Group == _group));
            }

            heard.Add([.. messages]);
        }

        Assert.Equal(heard[0], heard[1]);
        Assert.Equal(heard[0], heard[2]);
        Assert.Equal(texts.Concat(texts).Order(StringComparer.Ordinal), heard[0].Select(message => message.Message!).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(1, 2 * texts.Length), heard[0].Select(message => (int)message.Offset));

        var history = await packed.HistoryAsync(_group);
        Assert.Equal(heard[0].Select(message => (message.Id, message.Message, message.Offset)), history.Messages.Select(message => (message.Id, message.Message, message.Offset)));
    }

    [Fact]
    public async Task MessagePackClient_CutOff_GetsWhatItMissed()
    {
        await using var anna = await ConnectAsync(_anna, new HubClientOptions { SpeaksMessagePack = true, Reconnects = true, Resumes = true });
        await using var ben = await ConnectAsync(Unique("ben"));
        await anna.JoinAsync(_group);
        await ben.PostAsync(_group, "before");
        await anna.NextWhereAsync(next => next.Message == "before");

        anna.Break();
        await ben.PostAsync(_group, "meanwhile");
        await anna.ReconnectedAsync();

        var heard = await anna.UntilAsync(next => next.Message == "meanwhile");
        Assert.DoesNotContain(heard, next => next.Recovered == false && next.Group == _group);
        Assert.Equal(0, anna.Repeated);
    }

    [Fact]
    public async Task Handshake_OfAnUnknownProtocol_IsRefusedInWords()
    {
        await using var client = await ChatClient.ConnectAsync(Cluster.Edge, "/signalr/chat", await HubToken.FetchAsync(Cluster.Edge, _anna));

        await client.SendAsync("{\"protocol\":\"xml\",\"version\":1}\u001e");

        Assert.Equal("{\"error\":\"The protocol 'xml' is not supported.\"}\u001e", await client.NextAsync());
        await client.ClosedAsync();
    }

    [Theory]
    [InlineData("json")]
    [InlineData("messagepack")]
    public async Task Handshake_OfAnUnknownVersion_IsRefusedInWords(string protocol)
    {
        await using var client = await ChatClient.ConnectAsync(Cluster.Edge, "/signalr/chat", await HubToken.FetchAsync(Cluster.Edge, _anna));

        await client.SendAsync($"{{\"protocol\":\"{protocol}\",\"version\":7}}\u001e");

        Assert.Equal($"{{\"error\":\"The server does not support version 7 of the '{protocol}' protocol.\"}}\u001e", await client.NextAsync());
        await client.ClosedAsync();
    }

    // Small in MessagePack, but six times as large in the form in which it travels.
    [Fact]
    public async Task Message_TooBigOnceEscaped_IsRefused_AndTheConnectionStays()
    {
        await using var client = await ConnectAsync(_anna, new HubClientOptions { SpeaksMessagePack = true });
        await client.JoinAsync(_group);

        var refused = await Assert.ThrowsAsync<HubException>(() => client.PostAsync(_group, new string('\u0001', 20_000)));

        Assert.Contains("too_big: ", refused.Message, StringComparison.Ordinal);
        await client.PostAsync(_group, "small");
    }

    [Fact]
    public async Task MessagePackCall_OverTheLimit_EndsTheConnection()
    {
        await using var client = await ConnectAsync(_anna, new HubClientOptions { SpeaksMessagePack = true });
        await client.JoinAsync(_group);

        await Assert.ThrowsAnyAsync<Exception>(() => client.PostAsync(_group, new string('x', 40_000)));

        await Assert.ThrowsAnyAsync<Exception>(() => client.PostAsync(_group, "small"));
    }

    [Fact]
    public async Task EventStream_ThatCannotCarryIt_RefusesMessagePackInWords()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(
            () => ConnectAsync(_anna, new HubClientOptions { SpeaksMessagePack = true }, HubTransport.ServerSentEvents));

        Assert.Contains("ServerSentEvents", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("Binary", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0005hello")] // five bytes that form no message
    [InlineData("\u007f\u007f\u007f\u007f\u007f")]
    [InlineData("{\"type\":6}\u001e")] // JSON from a client that announced MessagePack
    public async Task Rubbish_InsteadOfMessagePack_EndsTheConnectionAlone(string rubbish)
    {
        await using var ben = await ConnectAsync(Unique("ben"));
        await using var client = await ChatClient.ConnectAsync(Cluster.Edge, "/signalr/chat", await HubToken.FetchAsync(Cluster.Edge, _anna));
        await client.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"messagepack\",\"version\":1}\u001e"), WebSocketMessageType.Binary);
        Assert.Equal("{}\u001e", await client.NextAsync());

        await client.SendAsync(Encoding.Latin1.GetBytes(rubbish), WebSocketMessageType.Binary);
        await client.SendAsync(new byte[200], WebSocketMessageType.Binary); // the bytes that its length announced

        await client.ClosedAsync();
        await ben.PostAsync(_group, "still here");
    }

    [Fact]
    public async Task Rubbish_InsteadOfMessagePack_OverLongPolling_EndsTheConnectionAlone()
    {
        await using var ben = await ConnectAsync(Unique("ben"));
        using var http = new HttpClient { BaseAddress = Cluster.Edge, Timeout = ChatClient.Deadline };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await HubToken.FetchAsync(Cluster.Edge, _anna));
        using var negotiated = await http.PostAsync($"{HubClient.Path}/negotiate?negotiateVersion=1", null);
        var id = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString()!;
        var address = $"{HubClient.Path}?id={Uri.EscapeDataString(id)}";
        using var begun = await http.GetAsync(address);
        await SendAsync("{\"protocol\":\"messagepack\",\"version\":1}\u001e"u8.ToArray());
        Assert.Equal("{}\u001e", await http.GetStringAsync(address));

        await SendAsync([5, .. "hello"u8]);

        using var last = await http.GetAsync(address); // perhaps SignalR's own close message, and then the end of the polls
        using var gone = last.StatusCode == HttpStatusCode.OK ? await http.GetAsync(address) : null;
        Assert.True((gone ?? last).StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotFound);
        await ben.PostAsync(_group, "still here");

        async Task SendAsync(byte[] bytes)
        {
            using var answer = await http.PostAsync(address, new ByteArrayContent(bytes));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static string Unique(string name) => $"{name}-{Guid.NewGuid():N}"[..16];

    private Task<HubDotNetClient> ConnectAsync(string nick, HubClientOptions? options = null, HubTransport transport = HubTransport.WebSockets) =>
        HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport, options);
}
