using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Chat.Api.WebSockets;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

internal sealed class Hostile() : Scenario(
    "hostile", "Malformed and hostile frames, messages and requests", "each is answered as documented and affects only its own connection; no node logs an error")
{
    private const string Raw = "/chat/group/hostile/mallory?format=json";

    private static readonly byte[] Deep = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 200)));

    // The bytes to send, and the code of the close that they cause; 0: the connection just ends.
    private static readonly (string What, int Code, Func<RawWebSocket, Task> Send)[] Attacks =
    [
        ("an unmasked frame", 1002, socket => socket.SendAsync(WebSocketOpcode.Text, "{}"u8, masked: false)),
        ("a reserved bit", 1002, socket => socket.SendAsync(WebSocketOpcode.Text, "{}"u8, reserved: 0x40)),
        ("a reserved opcode", 1002, socket => socket.SendAsync((WebSocketOpcode)11, "{}"u8)),
        ("a ping in pieces", 1002, socket => socket.SendAsync(WebSocketOpcode.Ping, "x"u8, fin: false)),
        ("a ping of 126 bytes", 1002, socket => socket.SendAsync(WebSocketOpcode.Ping, new byte[126])),
        ("a continuation of nothing", 1002, socket => socket.SendAsync(WebSocketOpcode.Continuation, "x"u8)),
        ("a frame of 2^63 bytes", 1002, socket => socket.SendBytesAsync(new byte[] { 0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4 })),
        ("a frame of 2^62 bytes", 1009, socket => socket.SendBytesAsync(new byte[] { 0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4 })),
        ("text that is not UTF-8", 1007, socket => socket.SendAsync(WebSocketOpcode.Text, [0xC3, 0x28])),
        ("a binary frame", 1003, socket => socket.SendAsync(WebSocketOpcode.Binary, "{}"u8)),
        ("a message too big", 1009, socket => socket.SendAsync(WebSocketOpcode.Text, new byte[40_000])),
        ("pieces without end", 1009, SendPiecesAsync),
        ("20 malformed messages", 1008, socket => RepeatAsync(20, () => socket.SendTextAsync("{\"Msg\":"))),
        ("20 deep messages", 1008, socket => RepeatAsync(20, () => socket.SendAsync(WebSocketOpcode.Text, Deep))),
        ("a flood of pings", 1008, socket => RepeatAsync(5000, () => socket.SendAsync(WebSocketOpcode.Ping, "x"u8))),
    ];

    public override bool KeepsConnections => true;

    public override async Task BreakAsync(Stage stage)
    {
        var (rounds, random) = (stage.IsQuick ? 1 : 6, new Random(Random.Shared.Next()));
        stage.Begin("the first frame");
        var tried = 0;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (what, code, send) in Attacks)
            {
                tried++;
                await AttackAsync(stage, what, code, send);
            }

            for (var i = 0; i < 30; i++)
            {
                tried += 2;
                await SendGarbageAsync(stage, random);
                await SendRequestAsync(stage, random);
            }
        }

        stage.End("the last frame");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{tried} attacks"));
        foreach (var node in stage.Cluster.Nodes)
        {
            stage.Demand(node.Process.IsRunning, $"Node {node.Id} is gone.");
            var complaint = node.Process.Output.Split('\n').FirstOrDefault(line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal));
            stage.Demand(complaint is null, $"Node {node.Id} logged {complaint}");
        }
    }

    private static async Task AttackAsync(Stage stage, string what, int code, Func<RawWebSocket, Task> send)
    {
        await using var socket = await RawWebSocket.ConnectAsync(stage.Cluster.Edge.Address, Raw);
        try
        {
            try
            {
                await send(socket);
            }
            catch (IOException)
            {
                // The server closed before the last bytes.
            }

            RawFrame? frame;
            do
            {
                frame = await socket.ReadAsync();
            }
            while (frame is { Opcode: not WebSocketOpcode.Close });

            // A reset may overtake the close frame if many bytes were on their way to the server.
            stage.Demand(frame is null || frame.CloseCode == code, $"Upon {what} it was closed with {frame?.CloseCode}.");
        }
        catch (OperationCanceledException)
        {
            stage.Demand(false, $"Upon {what} nothing happened.");
        }
    }

    // Sends a valid frame with some bytes changed, or no frame at all, and then ends its side.
    private static async Task SendGarbageAsync(Stage stage, Random random)
    {
        await using var socket = await RawWebSocket.ConnectAsync(stage.Cluster.Edge.Address, Raw);
        var frame = RawWebSocket.Frame(WebSocketOpcode.Text, Encoding.UTF8.GetBytes($$"""{"Msg":"{{random.Text(20)}}","MsgId":"a"}"""));
        try
        {
            await socket.SendBytesAsync(random.Next(2) == 0 ? random.Mutate(frame) : random.Bytes(200));
            socket.EndSending();
            while (await socket.ReadAsync() is { Opcode: not WebSocketOpcode.Close })
            {
                // Messages of others, if the group has any.
            }
        }
        catch (OperationCanceledException)
        {
            stage.Demand(false, "Upon garbage nothing happened.");
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // The connection has ended, as it should.
        }
    }

    private static async Task SendRequestAsync(Stage stage, Random random)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, stage.Cluster.Edge.Address.Port);
        var request = Encoding.ASCII.GetBytes($"GET {Raw} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n");
        await socket.SendAsync(random.Next(2) == 0 ? random.Mutate(request) : random.Bytes(500));
    }

    private static async Task SendPiecesAsync(RawWebSocket socket)
    {
        await socket.SendAsync(WebSocketOpcode.Text, "x"u8, fin: false);
        await RepeatAsync(100, () => socket.SendAsync(WebSocketOpcode.Continuation, new byte[1000], fin: false));
    }

    private static async Task RepeatAsync(int times, Func<Task> action)
    {
        for (var i = 0; i < times; i++)
        {
            await action();
        }
    }
}
