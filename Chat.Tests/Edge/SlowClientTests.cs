using System.Net;
using System.Net.Sockets;
using System.Text;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>Clients that connect and then are slow: with their first byte, their headers, their TLS handshake or their body.</summary>
public sealed class SlowClientTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30)); // only a failing test waits this long
    private FakeNode? _node;

    public async Task InitializeAsync() => _node = await FakeNode.StartAsync("node");

    public Task DisposeAsync() => _node!.DisposeAsync().AsTask();

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Client_ThatSaysNothing_IsCutOff()
    {
        await using var edge = await StartAsync();
        using var silent = await ConnectAsync(edge);

        Assert.Equal("", await ReadToEndAsync(silent));
    }

    [Fact]
    public async Task Client_ThatSendsItsHeadersByteByByte_IsCutOff()
    {
        await using var edge = await StartAsync();
        using var slow = await ConnectAsync(edge);

        var answer = ReadToEndAsync(slow);
        await TrickleAsync(slow, $"GET /chat/user/1 HTTP/1.1\r\nHost: edge\r\nX-Slow: {new string('x', 10_000)}", until: answer);

        Assert.DoesNotMatch("^HTTP/1.1 [123]", await answer); // 408, unless a reset overtakes it
        Assert.Equal(0, _node!.Asked);
    }

    [Fact]
    public async Task Client_ThatSendsItsSecondHeadersByteByByte_IsCutOffAsWell()
    {
        await using var edge = await StartAsync();
        using var slow = await ConnectAsync(edge);
        await SendAsync(slow, "GET /api/nodes HTTP/1.1\r\nHost: edge\r\n\r\n");
        var answer = ReadToEndAsync(slow);

        await TrickleAsync(slow, "GET /api/nodes HTTP/1.1\r\nHost: edge\r\nX-Slow: " + new string('x', 10_000), until: answer);

        Assert.StartsWith("HTTP/1.1 200", await answer, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?s)HTTP/1.1 200.*HTTP/1.1 200", await answer);
    }

    [Fact]
    public async Task Client_ThatAskedOnce_MayBeSilentForLonger()
    {
        await using var edge = await StartAsync();
        using var client = await ConnectAsync(edge);
        using var silent = await ConnectAsync(edge);
        await SendAsync(client, "GET /api/nodes HTTP/1.1\r\nHost: edge\r\n\r\n");

        Assert.Equal("", await ReadToEndAsync(silent)); // it connected after the other one
        await SendAsync(client, "GET /api/nodes HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n");

        Assert.Matches("(?s)^HTTP/1.1 200.*HTTP/1.1 200", await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Client_ThatStopsAmidItsTlsHello_IsCutOff_AndAnotherGetsIn()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await using var edge = await EdgeHost.StartWithTlsAsync(certificate, [("Edge:HeaderTimeout", "00:00:01")], _node!);
        using var half = await ConnectAsync(edge);
        await half.SendAsync(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00 }, _deadline.Token);

        using var whole = await edge.Http.GetAsync("/api/nodes", _deadline.Token);

        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        _ = await ReadToEndAsync(half);
    }

    [Fact]
    public async Task Client_ThatSendsItsBodyByteByByte_IsCutOff()
    {
        await using var edge = await EdgeHost.StartAsync([("Edge:BodyBytesPerSecond", "1000")], _node!);
        using var slow = await ConnectAsync(edge);
        await SendAsync(slow, "POST /api/auth/body HTTP/1.1\r\nHost: edge\r\nContent-Length: 10000\r\n\r\n");
        var answer = ReadToEndAsync(slow);

        await TrickleAsync(slow, new string('x', 10_000), until: answer);

        Assert.DoesNotMatch("^HTTP/1.1 2", await answer); // 408, or nothing: it is cut off
    }

    /// <summary>A hundred such clients use up this limit of open files. Once there were places for twice as many, for 130 s each.</summary>
    [LinuxFact]
    public async Task Client_AmidAThousandThatSayNothing_GetsIn()
    {
        _deadline.CancelAfter(TimeSpan.FromMinutes(2)); // two processes start, and a thousand connect
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        redis.Execute("ZADD", "{nodes}:leases", "99999999999999", "node");
        redis.Execute("HSET", "{nodes}:info", "node", $$"""{"id":"node","address":"{{_node!.Node.Address}}","state":"ready"}""");
        await using var edge = await EdgeProcess.StartAsync(redis.ConnectionString, openFiles: 700, ("Edge:HeaderTimeout", "00:02:00"));
        var silent = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => TryConnectAsync(edge.Address)));

        // Each of them has had its second to send a request.
        var refusal = "";
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    await using var client = await RawWebSocket.ConnectAsync(edge.Address, "/chat/user/1");
                    return true;
                }
                catch (Exception exception) when (exception is IOException or SocketException or InvalidOperationException)
                {
                    refusal = exception.Message;
                    return false;
                }
            });
        }
        finally
        {
            output.WriteLine($"The last refusal: {refusal}\nThe edge:\n{edge.Output}");
        }

        await using var another = await RawWebSocket.ConnectAsync(edge.Address, "/chat/user/2");
        Assert.InRange(Directory.GetFileSystemEntries($"/proc/{edge.Pid}/fd").Length, 1, 690);
        Array.ForEach(silent, socket => socket?.Dispose());
    }

    private Task<EdgeHost> StartAsync() => EdgeHost.StartAsync([("Edge:HeaderTimeout", "00:00:01")], _node!);

    private Task<Socket> ConnectAsync(EdgeHost edge) => ConnectAsync(edge.Address);

    private async Task<Socket?> TryConnectAsync(Uri server)
    {
        try
        {
            return await ConnectAsync(server);
        }
        catch (SocketException)
        {
            return null; // there was no place
        }
    }

    private async Task<Socket> ConnectAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, _deadline.Token);
        return socket;
    }

    private async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text), _deadline.Token);

    /// <summary>Sends a text byte by byte, until all is sent or the other side has ended the connection.</summary>
    private async Task TrickleAsync(Socket socket, string text, Task until)
    {
        using var ticks = new PeriodicTimer(Pace);
        for (var i = 0; i < text.Length && !until.IsCompleted && await ticks.WaitForNextTickAsync(_deadline.Token); i++)
        {
            try
            {
                await SendAsync(socket, text[i..(i + 1)]);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, _deadline.Token) is var count and > 0)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // A reset is as good an end as any.
        }

        return text.ToString();
    }
}
