using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Faults.Checking;

namespace Chat.Faults.Clients;

/// <summary>A client of Socket.IO. It reconnects by itself, like the official one, and joins its group again.</summary>
/// <remarks>It speaks Engine.IO 4 over WebSocket, with a packet in each frame: <c>0</c> opens, <c>2</c> pings, <c>3</c> answers, <c>4</c> carries a
/// packet of Socket.IO. In the latter <c>0</c> connects, <c>2</c> with an id and a JSON array is an event, <c>3</c> acknowledges it.</remarks>
internal sealed class SocketIoLoadClient : ILoadClient
{
    private static readonly TimeSpan AckTime = TimeSpan.FromSeconds(10); // the official client has no default
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45); // by the defaults: a ping every 25 s, and 20 s for it to arrive

    private readonly Func<Uri> _door;
    private readonly string _group;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _acks = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private volatile ClientWebSocket? _socket;
    private int _lastAck;

    private SocketIoLoadClient(Func<Uri> door, string name, string group)
    {
        _door = door;
        _group = group;
        Name = name;
        Topics = ["group:" + group];
        _running = RunAsync();
    }

    public string Name { get; }

    public IReadOnlyList<string> Topics { get; }

    public Reception Reception { get; } = new();

    public string Node { get; private set; } = "";

    public bool WasInterrupted { get; private set; }

    public int Repeated => 0;

    public static async Task<ILoadClient> ConnectAsync(Func<Uri> door, string name, string group, TimeSpan within)
    {
        var client = new SocketIoLoadClient(door, name, group);
        await client._joined.Task.WaitAsync(within);
        return client;
    }

    public async Task PublishAsync(SentMessage message)
    {
        try
        {
            await CallAsync(_socket ?? throw new WebSocketException("Not connected."), "post", _group, message.Text).WaitAsync(AckTime, _stopping.Token);
            message.Acknowledge(null);
        }
        catch (Exception exception) when (exception is WebSocketException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            message.Refuse();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _sending.Dispose();
    }

    private async Task RunAsync()
    {
        for (var failures = 0; !_stopping.IsCancellationRequested; failures++)
        {
            try
            {
                using var socket = new ClientWebSocket();
                var address = _door();
                await socket.ConnectAsync(new Uri($"ws://{address.Authority}/socket.io/?EIO=4&transport=websocket"), _stopping.Token);
                Node = address.Authority;
                failures = 0;
                await ReadAsync(socket);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The connection is gone. The loop tries again.
            }

            (_socket, Node, WasInterrupted) = (null, "", WasInterrupted || _joined.Task.IsCompleted);
            foreach (var id in _acks.Keys)
            {
                if (_acks.TryRemove(id, out var ack))
                {
                    ack.TrySetException(new WebSocketException("The connection ended."));
                }
            }

            // The official client's pause: 1 s, doubled up to 5 s, plus or minus up to half.
            var pause = Math.Min(5, Math.Pow(2, failures)) * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(TimeSpan.FromSeconds(pause), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(ClientWebSocket socket)
    {
        var (buffer, length) = (new byte[64 * 1024], 0);
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            silence.CancelAfter(Silence);
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), silence.Token);
            if (read.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            length += read.Count;
            if (read.EndOfMessage)
            {
                await OnPacketAsync(socket, Encoding.UTF8.GetString(buffer, 0, length));
                length = 0;
            }
        }
    }

    private async Task OnPacketAsync(ClientWebSocket socket, string packet)
    {
        if (packet.StartsWith('0'))
        {
            await SendAsync(socket, "40");
        }
        else if (packet == "2")
        {
            await SendAsync(socket, "3");
        }
        else if (packet.StartsWith("40", StringComparison.Ordinal))
        {
            _ = JoinAsync(socket); // not awaited: its answer arrives through this loop
        }
        else if (packet.StartsWith("42", StringComparison.Ordinal))
        {
            var message = JsonSerializer.Deserialize<string[]>(packet.AsSpan(2))!; // "message", group, text
            Reception.Message("group:" + message[1], message[2], null);
        }
        else if (packet.StartsWith("43", StringComparison.Ordinal)
            && _acks.TryRemove(int.Parse(packet.AsSpan(2, packet.IndexOf('[', StringComparison.Ordinal) - 2), CultureInfo.InvariantCulture), out var ack))
        {
            ack.TrySetResult();
        }
    }

    private async Task JoinAsync(ClientWebSocket socket)
    {
        await CallAsync(socket, "join", _group).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket = socket;
        _joined.TrySetResult();
    }

    private async Task CallAsync(ClientWebSocket socket, params string[] call)
    {
        var id = Interlocked.Increment(ref _lastAck);
        var ack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _acks[id] = ack;
        await SendAsync(socket, string.Create(CultureInfo.InvariantCulture, $"42{id}{JsonSerializer.Serialize(call)}"));
        await ack.Task;
    }

    private async Task SendAsync(ClientWebSocket socket, string packet)
    {
        await _sending.WaitAsync(_stopping.Token);
        try
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(packet), WebSocketMessageType.Text, endOfMessage: true, _stopping.Token);
        }
        finally
        {
            _sending.Release();
        }
    }
}
