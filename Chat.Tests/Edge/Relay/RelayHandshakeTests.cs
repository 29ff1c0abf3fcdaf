using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>The traffic between the edge and a node before an upgrade succeeds or fails.</summary>
public sealed class RelayHandshakeTests : RelayTest
{
    [Fact]
    public async Task Request_GoesToTheNode_AsYarpWouldSendIt()
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request.Replace(
            "\r\n\r\n",
            "\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\nCookie: a=1\r\nCookie: b=2\r\nX-Forwarded-For: 1.2.3.4\r\nKeep-Alive: x\r\nTE: trailers\r\n\r\n",
            StringComparison.Ordinal));

        var (_, head) = await Node.AskedAsync();

        Assert.StartsWith("GET /chat/user/1 HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Equal(["chat.example"], Values(head, "Host"));
        Assert.Equal(["Upgrade"], Values(head, "Connection"));
        Assert.Equal(["websocket"], Values(head, "Upgrade"));
        Assert.Equal(["dGhlIHNhbXBsZSBub25jZQ=="], Values(head, "Sec-WebSocket-Key"));
        Assert.Equal(["a, b"], Values(head, "Sec-WebSocket-Protocol"));
        Assert.Equal(["a=1; b=2"], Values(head, "Cookie"));
        Assert.Equal(["127.0.0.1"], Values(head, "X-Forwarded-For"));
        Assert.Equal(["http"], Values(head, "X-Forwarded-Proto"));
        Assert.Empty(Values(head, "Keep-Alive"));
        Assert.Empty(Values(head, "TE"));
        Assert.Empty(Values(head, "Content-Length"));
        Assert.Empty(Values(head, "Transfer-Encoding"));
    }

    [Theory]
    [InlineData("/chat/user/a%2Fb?x=%20y", "/chat/user/a%2Fb?x=%20y")]
    [InlineData("/chat/user/%C3%A4", "/chat/user/%C3%A4")]
    [InlineData("/chat/user/x?access_token=secret", "/chat/user/x")]
    public async Task Target_GoesToTheNodeAsItCame_ButForTheToken(string target, string expected)
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request.Replace("/chat/user/1", target, StringComparison.Ordinal));

        var (_, head) = await Node.AskedAsync();

        Assert.Equal(expected, head.Split(' ')[1]);
    }

    /// <summary>These once became WebSockets, though a node refuses each of them: YARP makes a proper upgrade of any request that asks for one.</summary>
    [Theory]
    [InlineData("POST /chat/user/1 HTTP/1.1")]
    [InlineData("PUT /chat/user/1 HTTP/1.1")]
    [InlineData("OPTIONS /chat/user/1 HTTP/1.1")]
    [InlineData("GET /chat/user/1 HTTP/1.0")]
    public async Task Upgrade_OfWhatCanBeNone_IsForTheNodeToRefuse(string line)
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request.Replace("GET /chat/user/1 HTTP/1.1", line, StringComparison.Ordinal));
        var (node, head) = await Node.AskedAsync();

        Assert.Equal(line.Split(' ')[0], head.Split(' ')[0]);
        Assert.Empty(Values(head, "Upgrade"));
        await node.SendAsync("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_ThatAccepts_GoesToTheClient_WithTheNodesName()
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        await node.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + TcpPeer.Accepted.Replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: b\r\n\r\n", StringComparison.Ordinal));

        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Equal(["Upgrade"], Values(head, "Connection"));
        Assert.Equal(["websocket"], Values(head, "Upgrade"));
        Assert.Equal(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], Values(head, "Sec-WebSocket-Accept"));
        Assert.Equal(["b"], Values(head, "Sec-WebSocket-Protocol"));
        Assert.Equal(["tcp"], Values(head, "X-Node"));
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: banned\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nX-Why: banned\r\n\r\n2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n", "body")]
    [InlineData("HTTP/1.0 403 Forbidden\r\nX-Why: banned\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nX-Why: banned\r\n\r\n", "")]
    public async Task Refusal_GoesToTheClient_WhoseConnectionGoesOn(string answer, string body)
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(TcpPeer.Request.Replace("Connection: Upgrade", "Connection: keep-alive, Upgrade", StringComparison.Ordinal));
            var (node, _) = await Node.AskedAsync();
            foreach (var part in answer.Chunk(7))
            {
                await node.SendAsync(new string(part));
            }

            node.EndSending();
            var head = await client.ReadHeadAsync();
            Assert.StartsWith("HTTP/1.1 403 ", head, StringComparison.Ordinal);
            Assert.Equal(["banned"], Values(head, "X-Why"));
            Assert.Equal(["tcp"], Values(head, "X-Node"));
            Assert.Equal(body, await ReadBodyAsync(client, head));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("")]
    public async Task Answer_ThatIsNone_Is502(string answer)
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        await node.SendAsync(answer);
        node.EndSending();

        Assert.StartsWith("HTTP/1.1 502 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_ThatNeverEnds_Is502()
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        await node.SendAsync("HTTP/1.1 101 Switching Protocols\r\nX-Long: " + new string('x', 40_000));

        Assert.StartsWith("HTTP/1.1 502 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatNeverAnswers_Is503AfterTheUpgradeTimeout_AndLetGo()
    {
        await using var edge = await EdgeHost.StartAsync([("Edge:UpgradeTimeout", "00:00:01")]);
        edge.Set(Node.Node);
        using var client = await TcpPeer.ConnectAsync(edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Empty(await node.ReadToEndAsync());
    }

    [Fact]
    public async Task Client_ThatGoesBeforeTheAnswer_IsGoneForTheNodeToo()
    {
        var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        client.Dispose();

        Assert.Empty(await node.ReadToEndAsync());
    }

    [Fact]
    public async Task Node_KnownByName_IsFound()
    {
        Edge.Set(Node.Node with { Address = Node.Node.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) });

        var (client, node) = await UpgradeAsync();

        await node.SendAsync("x");
        Assert.Equal("x", await client.ReadAsync(1));
    }

    // A WebSocket request may have no body. However the edge handles it, the next request must not begin inside the body.
    [Fact]
    public async Task Request_WithABody_IsLeftToYarp()
    {
        using var client = await TcpPeer.ConnectAsync(Edge.Address);
        await client.SendAsync(TcpPeer.Request.Replace("\r\n\r\n", "\r\nContent-Length: 30\r\n\r\nGET /chat/smuggled HTTP/1.1\r\n\r\n", StringComparison.Ordinal));

        var (node, head) = await Node.AskedAsync();

        Assert.True(Values(head, "Content-Length") is ["30"] || Values(head, "Transfer-Encoding") is ["chunked"], head);
        node.Dispose();
    }

    [Fact]
    public async Task WithoutTheRelay_YarpCopies()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync([("Edge:Relay", "false")], node);
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);

        var (socket, id) = await edge.ConnectAsync(deadline.Token);

        Assert.Equal("one", id);
        await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, deadline.Token);
    }

    private static string[] Values(string head, string name) =>
        [.. Regex.Matches(head, $"^{name}: (.*?)\r$", RegexOptions.Multiline | RegexOptions.IgnoreCase).Select(match => match.Groups[1].Value)];

    // Kestrel chunks a body without a length.
    private static async Task<string> ReadBodyAsync(TcpPeer client, string head)
    {
        if (Values(head, "Content-Length") is [var length])
        {
            return await client.ReadAsync(int.Parse(length, CultureInfo.InvariantCulture));
        }

        var body = new StringBuilder();
        while (int.Parse((await ReadLineAsync(client)).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is var size and > 0)
        {
            body.Append(await client.ReadAsync(size));
            await client.ReadAsync(2);
        }

        await client.ReadAsync(2);
        return body.ToString();
    }

    private static async Task<string> ReadLineAsync(TcpPeer client)
    {
        var line = "";
        while (!line.EndsWith("\r\n", StringComparison.Ordinal))
        {
            line += await client.ReadAsync(1);
        }

        return line;
    }
}
