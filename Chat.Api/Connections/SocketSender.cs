using System.Net.Sockets;

namespace Chat.Api.Connections;

/// <summary>Writes past the server's buffers, straight to the socket: one system call per send, no task, no copy.</summary>
/// <remarks>Only for plain TCP, and only after the server has written its 101 response. It has done so when the upgrade returns, since
/// the node's Kestrel buffers no output (see <c>ChatServer</c>). The server continues to read from the same socket; the two directions do
/// not interfere.</remarks>
internal sealed class SocketSender : IFrameSender
{
    private readonly Socket _socket;
    private readonly Action _abort;

    public SocketSender(Socket socket, Action abort)
    {
        _socket = socket;
        _abort = abort;

        // A blocking send would hold up everybody behind one slow client. Kestrel's own sends and receives are
        // asynchronous and don't mind.
        try
        {
            _socket.Blocking = false;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client left as soon as it had its 101. Whoever reads or sends next finds out.
        }
    }

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        try
        {
            sent = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                sent = 0;
                return true;
            }

            return error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            sent = 0;
            return false;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None)..];
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw new IOException("The connection is gone.", exception);
        }
    }

    public void Abort() => _abort();
}
