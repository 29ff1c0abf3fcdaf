using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Tests.Support;

/// <summary>A proxy between a node and its Redis that tests use to cut, hold up or silence connections. With a certificate it speaks TLS to the node.</summary>
internal sealed class RedisProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Wire, Task> _wires = new();
    private readonly X509Certificate2? _certificate;
    private readonly int _target;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _open = new();
    private volatile Swallowing? _swallow; // for future connections

    public RedisProxy(RedisServer server, X509Certificate2? certificate = null)
    {
        _target = server.Port;
        _certificate = certificate;
        _open.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string ConnectionString => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Cuts all present connections. New ones work.</summary>
    public void Cut()
    {
        foreach (var wire in _wires.Keys)
        {
            wire.Dispose();
        }
    }

    /// <summary>Leaves present connections open, but forwards nothing to the client any more. New connections work.</summary>
    /// <param name="where">Selects connections by the first commands that the client sent.</param>
    public void Deafen(Func<string, bool> where)
    {
        foreach (var wire in _wires.Keys.Where(wire => where(wire.Sent)))
        {
            wire.IsDeaf = true;
        }
    }

    /// <summary>Removes the next subscription messages that contain this text from the stream of present connections.</summary>
    /// <returns>Completes when that has happened.</returns>
    public Task SwallowAsync(string text, int times = 1)
    {
        var swallow = new Swallowing(Encoding.UTF8.GetBytes(text), times);
        foreach (var wire in _wires.Keys)
        {
            wire.Swallow = swallow;
        }

        return swallow.Done;
    }

    /// <summary>Removes the next confirmation of a subscription that contains this text from the stream of future connections.</summary>
    /// <returns>Completes when that has happened.</returns>
    public Task SwallowConfirmationAsync(string text)
    {
        var swallow = _swallow = new Swallowing(Encoding.UTF8.GetBytes(text), times: 1, "*3\r\n$9\r\nsubscribe\r\n");
        return swallow.Done;
    }

    /// <summary>Stops reading what clients send, until <see cref="Release"/>.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Release();
        _listener.Stop();
        await _accepting;
        Cut();
        await Task.WhenAll(_wires.Values);
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var wire = new Wire(this, await _listener.AcceptSocketAsync()) { Swallow = _swallow };
                _wires[wire] = wire.RunAsync();
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private sealed class Wire(RedisProxy proxy, Socket client) : IDisposable
    {
        private const int KeptText = 4096;

        private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public bool IsDeaf { get; set; }

        /// <summary>The messages to remove from the server's stream; shared by all connections.</summary>
        public Swallowing? Swallow { get; set; }

        /// <summary>The beginning of each of the first pieces that the client sent.</summary>
        public string Sent { get; private set; } = "";

        public void Dispose()
        {
            client.Dispose();
            _server.Dispose();
        }

        public async Task RunAsync()
        {
            client.NoDelay = true;
            try
            {
                await _server.ConnectAsync(IPAddress.Loopback, proxy._target);
                await using var there = new NetworkStream(_server);
                await using var here = await ClientAsync();
                await Task.WhenAny(CopyAsync(here, there, toServer: true), CopyAsync(there, here, toServer: false));
            }
            catch (Exception exception) when (IsEnd(exception))
            {
                // The server is not there, or the connection was cut.
            }

            Dispose();
        }

        private async Task<Stream> ClientAsync()
        {
            var plain = new NetworkStream(client);
            if (proxy._certificate is null)
            {
                return plain;
            }

            var tls = new SslStream(plain);
            await tls.AuthenticateAsServerAsync(proxy._certificate);
            return tls;
        }

        private async Task CopyAsync(Stream from, Stream to, bool toServer)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReadAsync(buffer) is var read && read > 0)
                {
                    if (toServer)
                    {
                        Sent += Sent.Length < KeptText ? Encoding.ASCII.GetString(buffer, 0, Math.Min(read, 64)) : "";
                        await proxy._open.Task;
                    }

                    if (toServer || !IsDeaf)
                    {
                        await to.WriteAsync(buffer.AsMemory(0, toServer ? read : Swallow?.From(buffer, read) ?? read));
                    }
                }
            }
            catch (Exception exception) when (IsEnd(exception))
            {
                // Cut.
            }
        }

        private static bool IsEnd(Exception exception) =>
            exception is SocketException or ObjectDisposedException or IOException or System.Security.Authentication.AuthenticationException or InvalidOperationException;
    }

    private sealed class Swallowing(byte[] text, int times, string kind = "*3\r\n$7\r\nmessage\r\n")
    {
        private readonly byte[] _kind = Encoding.ASCII.GetBytes(kind);
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        /// <summary>Returns the number of bytes left. A message arrives here in one piece, since it is small and no other traffic is under way.</summary>
        public int From(byte[] bytes, int count)
        {
            var start = 0;
            while (!_done.Task.IsCompleted && RespReader.TryMeasure(bytes.AsSpan(start, count - start), out var length))
            {
                var reply = bytes.AsSpan(start, length);
                if (!reply.StartsWith(_kind) || reply.IndexOf(text) < 0)
                {
                    start += length;
                    continue;
                }

                bytes.AsSpan(start + length, count - start - length).CopyTo(bytes.AsSpan(start));
                count -= length;
                if (Interlocked.Decrement(ref times) == 0)
                {
                    _done.SetResult();
                }
            }

            return count;
        }
    }
}
