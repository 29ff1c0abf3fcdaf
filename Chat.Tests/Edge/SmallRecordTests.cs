using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Clients whose TLS is much work for few bytes. To decipher a record of one byte takes as long as one of a thousand, and a request for new
/// keys, for which OpenSSL knows no limit, takes 15 us: 150 of these fit into what a loop receives at a time.</summary>
public sealed class SmallRecordTests
{
    private const string Upgrade = "GET /chat/user/1 HTTP/1.1\r\nHost: edge\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// <summary>Fifty such clients once delayed everybody else's messages by a quarter of a second.</summary>
    [LinuxFact]
    public async Task Request_InManySmallRecords_IsNoWorkOfALoop()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        builder.Services.AddSingleton(TimeProvider.System);
        ClientTransport.Add(builder.Services, static _ => true, SocketTending.AtOnce);
        await using var app = builder.Build();
        app.MapGet("/", static () => $"[{Thread.CurrentThread.Name}]");
        await app.StartAsync();
        await using var client = await Client.ConnectAsync(new Uri(app.Urls.Single()));
        await client.AskAsync("/"); // may arrive together with the last bytes of the handshake
        Assert.Contains("sockets ", await client.AskAsync("/"), StringComparison.Ordinal);

        Assert.DoesNotContain("sockets ", await client.AskAsync("/", inSmallRecords: true), StringComparison.Ordinal);
        Assert.DoesNotContain("sockets ", await client.AskAsync("/"), StringComparison.Ordinal); // once is enough
    }

    [LinuxFact]
    public async Task WebSocket_InManySmallRecords_GetsThrough_InOrder()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartWithTlsAsync(certificate, [], node);
        await using (var client = await Client.ConnectAsync(edge.Address))
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(Upgrade), inSmallRecords: false);
            Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync(), StringComparison.Ordinal);
            var text = string.Concat(Enumerable.Range(0, 1000).Select(i => (char)('a' + (i % 26))));
            for (var i = 0; i < 5; i++)
            {
                await client.SendAsync(RawWebSocket.Frame(Chat.Api.WebSockets.WebSocketOpcode.Text, Encoding.ASCII.GetBytes(text)), inSmallRecords: true);
            }

            var echo = await client.ReadAsync(static frames => Payloads(frames).Length >= 5000);
            Assert.Equal(string.Concat(Enumerable.Repeat(text, 5)), Payloads(echo));
        }

        await Eventually.TrueAsync(() => edge.Get<EdgeCapacity>().Carried == 0);
    }

    [Theory]
    [InlineData(1, 1000, false)]
    [InlineData(16, 20, false)]
    [InlineData(17, 20, true)]
    public void Records_AreMany_WhereMoreThanSixteenBeginAtOnce(int count, int length, bool expected)
    {
        var records = new TlsRecords();

        records.Pass([.. Enumerable.Repeat(Record(length), count).SelectMany(static bytes => bytes)]);

        Assert.Equal(expected, records.AreMany);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Records_AreNotMany_WhereTheyCome_InPieces(int piece)
    {
        var records = new TlsRecords();
        foreach (var part in Enumerable.Repeat(Record(300), 100).SelectMany(static bytes => bytes).Chunk(piece))
        {
            records.Pass(part);
        }

        Assert.False(records.AreMany);
    }

    [Fact]
    public void Bytes_OfNoTls_AreNoRecords()
    {
        var records = new TlsRecords();

        records.Pass(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n"));
        records.Pass(new byte[4096]); // 800 heads of empty records

        Assert.False(records.AreMany);
    }

    // The node sends what it gets in frames of its own.
    private static string Payloads(string frames)
    {
        var text = new StringBuilder();
        for (var i = 0; i + 4 < frames.Length;)
        {
            var isLong = frames[i + 1] == 126;
            var start = i + (isLong ? 4 : 2);
            var end = start + (isLong ? (frames[i + 2] << 8) + frames[i + 3] : frames[i + 1]);
            text.Append(frames.AsSpan(start, Math.Min(end, frames.Length) - start));
            i = end;
        }

        return text.ToString();
    }

    private static byte[] Record(int length) => [22, 3, 3, (byte)(length >> 8), (byte)length, .. new byte[length]];

    private sealed class Client(BufferedStream wire, SslStream tls) : IAsyncDisposable
    {
        public static async Task<Client> ConnectAsync(Uri server)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, server.Port).WaitAsync(ChatClient.Deadline);
            var wire = new BufferedStream(new NetworkStream(socket, ownsSocket: true), 64 * 1024);
            var tls = new SslStream(wire, leaveInnerStreamOpen: false, static (_, shown, _, _) => shown is not null);
            await tls.AuthenticateAsClientAsync("localhost").WaitAsync(ChatClient.Deadline);
            return new Client(wire, tls);
        }

        /// <summary>Sends all of it at once, each byte in a record of its own if so wished.</summary>
        public async Task SendAsync(byte[] bytes, bool inSmallRecords)
        {
            foreach (var record in bytes.Chunk(inSmallRecords ? 1 : bytes.Length))
            {
                await tls.WriteAsync(record);
            }

            await wire.FlushAsync().WaitAsync(ChatClient.Deadline);
        }

        public async Task<string> AskAsync(string path, bool inSmallRecords = false)
        {
            await SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: edge\r\nX-More: {new string('x', 200)}\r\n\r\n"), inSmallRecords);
            return await ReadAsync(static text => text.Contains(']'));
        }

        public Task<string> ReadHeadAsync() => ReadAsync(static text => text.Contains("\r\n\r\n", StringComparison.Ordinal));

        public async Task<string> ReadAsync(Func<string, bool> isWhole)
        {
            var (text, buffer) = (new StringBuilder(), new byte[4096]);
            while (!isWhole(text.ToString()))
            {
                var count = await tls.ReadAsync(buffer).AsTask().WaitAsync(ChatClient.Deadline);
                Assert.NotEqual(0, count);
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            return text.ToString();
        }

        public ValueTask DisposeAsync() => tls.DisposeAsync();
    }
}
