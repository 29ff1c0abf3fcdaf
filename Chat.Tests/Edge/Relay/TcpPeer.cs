using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Chat.Tests.Support;

namespace Chat.Tests.Edge.Relay;

/// <summary>One end of a TCP connection, byte by byte, with or without TLS.</summary>
internal sealed class TcpPeer : IDisposable
{
    /// <summary>A client's request.</summary>
    public const string Request = "GET /chat/user/1 HTTP/1.1\r\nHost: chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// <summary>A node's answer.</summary>
    public const string Accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    private readonly CancellationTokenSource _deadline = new(ChatClient.Deadline);
    private Task _writing = Task.CompletedTask;
    private Task _reading = Task.CompletedTask;

    public TcpPeer(Socket socket)
    {
        socket.NoDelay = true;
        Socket = socket;
        Stream = new NetworkStream(socket, ownsSocket: true);
    }

    public Socket Socket { get; }

    public Stream Stream { get; private set; }

    public static async Task<TcpPeer> ConnectAsync(Uri edge, int? receiveBuffer = null, bool tls = false)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, edge.Port);
        var peer = new TcpPeer(socket);
        if (tls)
        {
            var stream = new SslStream(peer.Stream);
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Subject == "CN=localhost" }, peer._deadline.Token);
            peer.Stream = stream;
        }

        return peer;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes, _deadline.Token);

    public async Task<string> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes, _deadline.Token);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>Reads up to the empty line, and not a byte more.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(await ReadAsync(1));
        }

        return head.ToString();
    }

    public async Task<byte[]> ReadToEndAsync()
    {
        var all = new MemoryStream();
        var reading = Stream.CopyToAsync(all, _deadline.Token);
        _reading = reading;
        await reading;
        return all.ToArray();
    }

    /// <summary>Sends as much as gets through while nobody reads at the other end. Returns how much that will be.</summary>
    public int Fill(byte[] bytes)
    {
        const int Step = 64 * 1024;
        for (var at = 0; at < bytes.Length; at += Step)
        {
            _writing = Stream.WriteAsync(bytes.AsMemory(at, Math.Min(Step, bytes.Length - at)), _deadline.Token).AsTask();
            if (!_writing.Wait(TimeSpan.FromMilliseconds(400)))
            {
                return Math.Min(at + Step, bytes.Length); // this write is still under way
            }
        }

        return bytes.Length;
    }

    /// <summary>Ends this side of the connection, after the writes under way, and with TLS after a read to the end under way.</summary>
    public void EndSending() => _writing = EndSendingAsync(_writing);

    private async Task EndSendingAsync(Task writing)
    {
        await writing;
        if (Stream is SslStream tls)
        {
            // The stream does not lock here. Shut down while another thread reads, it breaks what is read: "decryption failed or bad record mac".
            await _reading.ContinueWith(static _ => { }, TaskScheduler.Default);
            await tls.ShutdownAsync();
        }

        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends the connection with a reset (RST) instead of an orderly end (FIN).</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    public void Dispose()
    {
        Stream.Dispose();
        _deadline.Dispose();
    }
}
