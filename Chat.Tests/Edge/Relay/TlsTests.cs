using System.Net;
using System.Net.WebSockets;
using System.Text;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>WebSockets over TLS: those of HTTP/1.1 are relayed; those of HTTP/2 are left to YARP, although they arrive on sockets of the relay.</summary>
public sealed class TlsTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_OverTls_GetsThrough_AndCountsUntilItEnds(string version)
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartWithTlsAsync(certificate, [], node);
        using var http = new HttpMessageInvoker(
            new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new UriBuilder(edge.Address) { Scheme = "wss", Path = "/chat/user/1" }.Uri, http, deadline.Token);
        var much = Encoding.Latin1.GetBytes(new string('x', 100_000));

        await socket.SendAsync(much, WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
        var count = 0;
        while (count < much.Length)
        {
            count += (await socket.ReceiveAsync(new byte[16 * 1024], deadline.Token)).Count;
        }

        Assert.Equal(1, edge.Get<EdgeCapacity>().Carried);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
        await Eventually.TrueAsync(() => edge.Get<EdgeCapacity>().Carried == 0);
    }

    /// <summary>The answer was once 502, as if a node were at fault.</summary>
    [Fact]
    public async Task Connect_ToAnythingButAWebSocket_IsNotImplemented()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartWithTlsAsync(certificate, [], node);
        using var request = new HttpRequestMessage(HttpMethod.Connect, "/chat/user/1") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Protocol = "connect-udp";

        using var answer = await edge.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.NotImplemented, answer.StatusCode);
    }
}
