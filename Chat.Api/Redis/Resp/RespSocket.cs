using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Chat.Api.Redis.Resp;

/// <summary>The bytes to and from one Redis server, plain or TLS.</summary>
/// <remarks>Used by one reading thread and, under the link's lock, by any writing thread. A write never waits, because it may run
/// on a thread that serves clients: plain sockets are non-blocking, and with TLS a thread of its own writes
/// (<see cref="TlsWriter"/>).</remarks>
internal sealed class RespSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly SslStream? _tls;
    private readonly TlsWriter? _writer;

    private RespSocket(Socket socket, SslStream? tls)
    {
        _socket = socket;
        _tls = tls;
        _writer = tls is null ? null : new TlsWriter(tls, Close);
    }

    /// <summary>The number of bytes accepted and not yet sent.</summary>
    public int Unwritten => _writer?.Unwritten ?? 0;

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static RespSocket Connect(RedisEndpoint endpoint, (string Host, int Port) server, TimeSpan timeout)
    {
        var socket = Connect(server, timeout);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            SslStream? tls = null;
            if (endpoint.Tls)
            {
                socket.Blocking = true;
                var stream = new NetworkStream(socket, ownsSocket: false) { ReadTimeout = (int)timeout.TotalMilliseconds };
                tls = new SslStream(stream);
                tls.AuthenticateAsClient(new SslClientAuthenticationOptions
                {
                    TargetHost = endpoint.TlsHost ?? server.Host,
                    CertificateRevocationCheckMode = endpoint.ChecksRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
                });
            }

            return new RespSocket(socket, tls);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Without a single asynchronous call: a socket that has seen one belongs to the runtime's event loop for good. That loop would wake
    // up for every reply, only to find that nobody waits there. Measured: two threads woken instead of one.
    private static Socket Connect((string Host, int Port) server, TimeSpan timeout)
    {
        var error = SocketError.HostNotFound;
        foreach (var address in Dns.GetHostAddresses(server.Host))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
            error = Connect(socket, new IPEndPoint(address, server.Port), timeout);
            if (error == SocketError.Success)
            {
                return socket;
            }

            socket.Dispose();
        }

        throw new SocketException((int)error);
    }

    private static SocketError Connect(Socket socket, IPEndPoint server, TimeSpan timeout)
    {
        try
        {
            socket.Connect(server);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(timeout, SelectMode.SelectWrite))
            {
                return SocketError.TimedOut;
            }

            var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != SocketError.Success)
            {
                return error;
            }
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }

        // On the loopback interface TCP can connect a socket to itself (simultaneous open) when nobody listens there
        // and its own port happens to be the one it calls. It would talk to itself, and keep Redis from coming back.
        return server.Equals(socket.LocalEndPoint) ? SocketError.ConnectionRefused : SocketError.Success;
    }

    /// <summary>Call this after logging in. Until then, waiting for bytes has a time limit with TLS as well, since nobody would end the
    /// wait.</summary>
    public void EndHandshake()
    {
        if (_tls is not null)
        {
            _tls.ReadTimeout = Timeout.Infinite;
        }
    }

    /// <summary>Waits for bytes, up to a time limit. Returns 0 with <paramref name="closed"/> false if nothing came.</summary>
    /// <param name="buffer">Receives them.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="likely">Whether some have probably arrived already; then it reads before it waits.</param>
    /// <param name="closed">Whether the server ended the connection.</param>
    public int Receive(Span<byte> buffer, TimeSpan wait, bool likely, out bool closed)
    {
        if (_tls is not null)
        {
            var read = _tls.Read(buffer); // woken by Close; the link's ticks find a silent server
            closed = read == 0;
            return read;
        }

        closed = false;
        var received = likely ? Receive(buffer, out closed) : 0;
        return received > 0 || closed || !_socket.Poll(wait, SelectMode.SelectRead) ? received : Receive(buffer, out closed);
    }

    private int Receive(Span<byte> buffer, out bool closed)
    {
        var received = _socket.Receive(buffer, SocketFlags.None, out var error);
        closed = error is not (SocketError.Success or SocketError.WouldBlock) || (error == SocketError.Success && received == 0);
        return error == SocketError.Success ? received : 0;
    }

    /// <summary>Returns how many of the bytes were sent; fewer than all means that the server does not keep up.</summary>
    public int Send(ReadOnlySpan<byte> bytes, out bool closed)
    {
        if (_writer is not null)
        {
            _writer.Write(bytes);
            closed = false;
            return bytes.Length;
        }

        var sent = _socket.Send(bytes, SocketFlags.None, out var error);
        closed = error is not (SocketError.Success or SocketError.WouldBlock);
        return error == SocketError.Success ? sent : 0;
    }

    /// <summary>Ends the connection, on any thread. A thread that waits for bytes returns.</summary>
    public void Close()
    {
        _writer?.End();
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It was closed already, which is what was wanted.
        }
    }

    public void Dispose()
    {
        Close(); // before the stream goes, so that nobody is writing to it
        _tls?.Dispose();
        _socket.Dispose();
    }
}
