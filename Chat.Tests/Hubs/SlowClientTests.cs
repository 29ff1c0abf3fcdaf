using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>When a hub client does not read, only its own connection ends.</summary>
public sealed class SlowClientTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    [Fact]
    public async Task SlowHubClient_IsClosed_AndNobodyElseNotices()
    {
        var group = Unique("group");
        var node = Cluster.Nodes.Nodes[1];
        var token = HubTestToken.Make(Unique("slow"), TimeSpan.FromMinutes(5));
        await using var slow = await RawWebSocket.ConnectAsync(node.Address, $"{HubClient.Path}?access_token={token}", receiveBuffer: 65536);
        await slow.SendTextAsync("""{"protocol":"json","version":1}""" + "\u001e");
        await slow.SendTextAsync($$"""{"type":1,"target":"join","arguments":[{"group":"{{group}}"}]}""" + "\u001e");
        await using var member = await Cluster.ConnectAsync(1, Unique("member")); // on the same node
        await using var poster = await Cluster.ConnectAsync(0, Unique("poster"));
        await member.JoinAsync(group);
        var text = new string('x', 30_000);
        const int Messages = 400; // 12 MB: more than any system buffers for one socket
        for (var i = 0; i < Messages; i++)
        {
            var posted = await poster.PostAsync(group, text);
            Assert.Equal(posted.Offset, (await member.NextAsync("message")).Offset); // reads each message at once
        }

        // Now the client reads: first the data that the system held, then the reason.
        var close = await slow.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal((1013, "slow consumer"), (close.CloseCode, close.CloseText));
    }

    [Theory]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task SlowHubClient_WithoutAWebSocket_IsClosed_AndNobodyElseNotices(HubTransport transport)
    {
        var group = Unique("group");
        await using var member = await Cluster.ConnectAsync(1, Unique("member")); // on the same node
        await using var poster = await Cluster.ConnectAsync(0, Unique("poster"));
        await member.JoinAsync(group);
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = Cluster.Nodes.Nodes[1].Address, Timeout = ChatClient.Deadline };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HubTestToken.Make(Unique("slow"), TimeSpan.FromMinutes(5)));

        using var negotiated = await http.PostAsync($"{HubClient.Path}/negotiate?negotiateVersion=1", null);
        var id = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString();
        var address = $"{HubClient.Path}?id={Uri.EscapeDataString(id!)}";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (transport == HubTransport.ServerSentEvents)
        {
            request.Headers.Accept.ParseAdd("text/event-stream");
        }

        using var first = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await SendAsync("""{"protocol":"json","version":1}""");
        await SendAsync($$"""{"type":1,"target":"join","arguments":[{"group":"{{group}}"}]}""");
        await member.NextAsync("joined");

        var text = new string('x', 30_000);
        const int Messages = 400; // 12 MB, as above
        for (var i = 0; i < Messages; i++)
        {
            var posted = await poster.PostAsync(group, text);
            Assert.Equal(posted.Offset, (await member.NextAsync("message")).Offset); // reads each message at once
        }

        // Now the client reads, or polls. It receives less than all of that, and the reason at the end.
        using var lines = new StreamReader(await first.Content.ReadAsStreamAsync());
        var length = 0;
        string? last = "";
        while (!last.Contains("slow consumer", StringComparison.Ordinal))
        {
            last = transport == HubTransport.LongPolling ? await http.GetStringAsync(address) : await lines.ReadLineAsync().WaitAsync(ChatClient.Deadline);
            Assert.NotNull(last);
            length += last.Length;
        }

        Assert.InRange(length, text.Length, (Messages * text.Length) - 1);

        async Task SendAsync(string message)
        {
            using var answer = await http.PostAsync(address, new StringContent(message + "\u001e"));
            answer.EnsureSuccessStatusCode();
        }
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 65536 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
