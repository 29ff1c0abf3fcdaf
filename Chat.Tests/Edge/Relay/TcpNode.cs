using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Chat.Tests.Support;
using Edge.Proxy.Nodes;

namespace Chat.Tests.Edge.Relay;

/// <summary>A node whose every byte the test controls. It answers health probes by itself.</summary>
internal sealed class TcpNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<(TcpPeer Peer, string Head)> _asked = Channel.CreateUnbounded<(TcpPeer, string)>();
    private readonly Task _accepting;

    public TcpNode()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Node Node => new("tcp", $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}", "ready");

    /// <summary>The next request, and the connection on which it arrived.</summary>
    public async Task<(TcpPeer Peer, string Head)> AskedAsync()
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        return await _asked.Reader.ReadAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = TakeAsync(new TcpPeer(await _listener.AcceptSocketAsync()));
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task TakeAsync(TcpPeer peer)
    {
        try
        {
            var head = await peer.ReadHeadAsync();
            if (head.StartsWith("GET /health", StringComparison.Ordinal))
            {
                await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                peer.Dispose();
                return;
            }

            _asked.Writer.TryWrite((peer, head));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The edge has gone.
        }
    }
}
