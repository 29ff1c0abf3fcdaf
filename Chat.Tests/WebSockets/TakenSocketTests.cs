using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Chat.Tests.Edge.Relay;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>Sockets that are taken from the server.</summary>
public sealed class TakenSocketTests() : SocketSpec(takes: true)
{
    [LinuxFact]
    public async Task Server_LetsGoOfTheConnection_WithItsUpgrade()
    {
        using var server = new ServerConnections(Host.Meters);
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;

        Assert.True(link.OutlivesRequest);
        await Eventually.TrueAsync(() => server is { Begun: 1, Open: 0 });
        await client.SendTextAsync("still here");
        Assert.Equal("still here", await link.ReadAsync());
    }

    [LinuxFact]
    public async Task Connections_ThatComeAndGo_LeaveNothingBehind()
    {
        await Eventually.TrueAsync(() => Host.Entries == 1);
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => ComeAndGoAsync(i % 5)));
        }

        // The listening socket is left, and no other socket of its port.
        await Eventually.TrueAsync(() => Host.Entries == 1 && OpenSockets() == 1);
    }

    // A connection that was made from a closed socket once never ended, and its data went to the connection that had been given the same socket number since.
    [LinuxFact]
    public Task Client_ThatGoesWhileItIsAnswered_LeavesNothing_AndNobodyElseGetsWhatIsSentToIt() => LeaveAsync(resets: false);

    [LinuxFact]
    public Task Client_ThatResetsWhileItsSocketIsTaken_LeavesNothing_AndNobodyElseGetsWhatIsSentToIt() => LeaveAsync(resets: true);

    [LinuxFact]
    public async Task Loops_ThatEnd_EndTheirConnections()
    {
        var host = await SocketHost.StartAsync(takes: true);
        var (client, link) = await host.ConnectAsync();
        await using var _ = client;

        await host.DisposeAsync();

        Assert.Equal(CloseReason.Vanished, await link.EndedAsync());
        Assert.Null(await client.ReadAsync());
    }

    [LinuxFact]
    public async Task WebSocket_OverTls_StaysWithTheServer()
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await using var host = await SocketHost.StartAsync(takes: true, certificate: certificate);
        using var http = new HttpMessageInvoker(
            new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "wss" }.Uri, http, deadline.Token);
        var link = await host.AcceptedAsync();
        var much = new string('x', 30_000);

        await socket.SendAsync(Encoding.Latin1.GetBytes(much), WebSocketMessageType.Text, endOfMessage: true, deadline.Token);

        Assert.False(link.OutlivesRequest);
        Assert.Equal(much, await link.ReadAsync());
        link.Send("answer");
        var answer = new byte[16];
        Assert.Equal("answer", Encoding.Latin1.GetString(answer, 0, (await socket.ReceiveAsync(answer, deadline.Token)).Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
        Assert.Equal(CloseReason.ByClient, await link.EndedAsync());
    }

    private async Task LeaveAsync(bool resets)
    {
        for (var i = 0; i < 200; i++)
        {
            using var leaver = await TcpPeer.ConnectAsync(Host.Address);
            await leaver.SendAsync(TcpPeer.Request);
            if (resets)
            {
                await leaver.ReadHeadAsync(); // the answer is sent, and the socket is perhaps not taken yet
                leaver.Reset();
            }
        }

        var others = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => RawWebSocket.ConnectAsync(Host.Address, "/")));
        var links = Host.Accepted();
        links.ForEach(static link => link.Send("for one only"));
        foreach (var other in others)
        {
            await other.SendAsync(WebSocketOpcode.Close, []);
            var heard = 0;
            while (await other.ReadAsync() is { } frame)
            {
                heard += frame.Opcode == WebSocketOpcode.Text ? 1 : 0;
            }

            Assert.InRange(heard, 0, 1);
            await other.DisposeAsync();
        }

        foreach (var link in links)
        {
            await link.EndedAsync();
        }

        await Eventually.TrueAsync(() => Host.Entries == 1);
    }

    private async Task ComeAndGoAsync(int way)
    {
        using var client = await TcpPeer.ConnectAsync(Host.Address);
        await client.SendAsync(TcpPeer.Request);
        if (way == 0)
        {
            client.Reset(); // in the middle of the handshake
            return;
        }

        await client.ReadHeadAsync();
        await client.SendAsync(way switch { 1 => Text("whole"), 2 => Text("in part")[..5], 3 => [0x88, 0x80, 0, 0, 0, 0], _ => [0xFF, 0xFF] });
        if (way == 4)
        {
            client.Reset();
        }
    }

    // Counts sockets that a process holds, since the system keeps no inode for a closed one.
    private int OpenSockets()
    {
        var local = $"0100007F:{Host.Address.Port:X4}";
        return File.ReadLines("/proc/self/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(fields => fields[1] == local && long.Parse(fields[9], CultureInfo.InvariantCulture) != 0);
    }
}
