using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Offline;

/// <summary>A resource's public port: hands each connection to one of its replicas, in turn.</summary>
/// <remarks>Like the real orchestrator, it only knows TCP: there is no affinity, and a replica that refuses is skipped.</remarks>
internal sealed class TcpForwarder : IAsyncDisposable
{
    private const int BufferBytes = 32 * 1024;

    private readonly List<Socket> _listeners;
    private readonly Func<IReadOnlyList<int>> _targets;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _accepting;
    private int _turn;

    private TcpForwarder(List<Socket> listeners, Func<IReadOnlyList<int>> targets)
    {
        _listeners = listeners;
        _targets = targets;
        Port = ((IPEndPoint)listeners[0].LocalEndPoint!).Port;
        _accepting = [.. listeners.Select(AcceptAsync)];
    }

    public int Port { get; }

    /// <summary>Listens on the port, or on any free one, on both kinds of loopback address.</summary>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static TcpForwarder Listen(int? port, Func<IReadOnlyList<int>> targets)
    {
        var listeners = new List<Socket>();
        try
        {
            listeners.Add(ListenOn(IPAddress.Loopback, port ?? Ports.TakeFree()));
            if (Socket.OSSupportsIPv6)
            {
                TryAddIPv6(listeners);
            }

            return new TcpForwarder(listeners, targets);
        }
        catch
        {
            listeners.ForEach(listener => listener.Dispose());
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_accepting).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static void TryAddIPv6(List<Socket> listeners)
    {
        try
        {
            listeners.Add(ListenOn(IPAddress.IPv6Loopback, ((IPEndPoint)listeners[0].LocalEndPoint!).Port));
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // The machine supports IPv6, but has no IPv6 address.
        }
    }

    private static Socket ListenOn(IPAddress address, int port)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen();
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                _ = ForwardAsync(client); // ends with either side, or with the listener
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that left before it was accepted, or the end of the forwarder.
            }
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using var _ = client;
        using var server = await ConnectAsync().ConfigureAwait(false);
        if (server is null)
        {
            client.Close(0); // a refusal, as far as a listener can refuse
            return;
        }

        client.NoDelay = server.NoDelay = true;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        await Task.WhenAll(PumpAsync(client, server, ended), PumpAsync(server, client, ended)).ConfigureAwait(false);
    }

    private async Task<Socket?> ConnectAsync()
    {
        var targets = _targets();
        var first = Interlocked.Increment(ref _turn) & int.MaxValue;
        for (var i = 0; i < targets.Count; i++)
        {
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, targets[(first + i) % targets.Count], _stopping.Token).ConfigureAwait(false);
                return server;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                server.Dispose();
            }
        }

        return null;
    }

    private static async Task PumpAsync(Socket from, Socket to, CancellationTokenSource ended)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, ended.Token).ConfigureAwait(false)) > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), ended.Token).ConfigureAwait(false);
                }
            }

            to.Shutdown(SocketShutdown.Send); // the other direction may go on
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await ended.CancelAsync().ConfigureAwait(false); // one side is gone, so the other has to go as well
        }
    }
}
