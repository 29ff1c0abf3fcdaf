using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Chat.Api.WebSockets;

namespace Chat.Tests.Support;

/// <summary>A WebSocket written by hand, for things that no well-behaved client does: fragments, invalid frames, half-closing, never reading.</summary>
internal sealed class RawWebSocket : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private RawWebSocket(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <param name="server">A node.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="receiveBuffer">The bytes that the system buffers for a client that does not read; null for the system's default.</param>
    /// <param name="behind">Bytes that are sent together with the request, right behind it.</param>
    public static async Task<RawWebSocket> ConnectAsync(Uri server, string path, int? receiveBuffer = null, byte[]? behind = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes; // set before the connect, so that it bounds the window
        }

        await socket.ConnectAsync(server.Host, server.Port).WaitAsync(ChatClient.Deadline);
        var client = new RawWebSocket(socket);
        var request = Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        await client.SendBytesAsync(behind is null ? request : [.. request, .. behind]);
        var answer = await client.ReadHeadAsync();
        return answer.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)
            ? client
            : throw new InvalidOperationException("No upgrade: " + answer);
    }

    public Task SendTextAsync(string text) => SendAsync(WebSocketOpcode.Text, Encoding.UTF8.GetBytes(text));

    public Task SendAsync(WebSocketOpcode opcode, ReadOnlySpan<byte> payload, bool fin = true, bool masked = true, byte reserved = 0) =>
        SendBytesAsync(Frame(opcode, payload, fin, masked, reserved));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        await _stream.WriteAsync(bytes, deadline.Token);
    }

    /// <summary>The bytes of a frame as a client sends it.</summary>
    public static byte[] Frame(WebSocketOpcode opcode, ReadOnlySpan<byte> payload, bool fin = true, bool masked = true, byte reserved = 0)
    {
        var frame = new List<byte> { (byte)((fin ? 0x80 : 0) | reserved | (int)opcode) };
        var maskBit = masked ? 0x80 : 0;
        switch (payload.Length)
        {
            case < 126:
                frame.Add((byte)(maskBit | payload.Length));
                break;
            case <= ushort.MaxValue:
                frame.Add((byte)(maskBit | 126));
                frame.AddRange(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness((ushort)payload.Length)));
                break;
            default:
                frame.Add((byte)(maskBit | 127));
                frame.AddRange(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness((ulong)payload.Length)));
                break;
        }

        byte[] mask = masked ? [0x12, 0x34, 0x56, 0x78] : [];
        frame.AddRange(mask);
        for (var i = 0; i < payload.Length; i++)
        {
            frame.Add(masked ? (byte)(payload[i] ^ mask[i & 3]) : payload[i]);
        }

        return [.. frame];
    }

    /// <summary>The next frame. Null means that the server has ended the connection.</summary>
    public async Task<RawFrame?> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        try
        {
            var head = await ReadExactlyAsync(2, deadline.Token);
            var length = (head[1] & 0x7F) switch
            {
                126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadExactlyAsync(2, deadline.Token)),
                127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadExactlyAsync(8, deadline.Token)),
                var small => small,
            };
            return new RawFrame((WebSocketOpcode)(head[0] & 0x0F), await ReadExactlyAsync(length, deadline.Token), (head[0] & 0x80) != 0);
        }
        catch (Exception exception) when (exception is EndOfStreamException or IOException)
        {
            return null;
        }
    }

    /// <summary>The next frame of this kind; frames before it are dropped.</summary>
    public async Task<RawFrame> ReadAsync(WebSocketOpcode opcode)
    {
        while (true)
        {
            var frame = await ReadAsync() ?? throw new InvalidOperationException($"The server ended the connection before a {opcode} frame.");
            if (frame.Opcode == opcode)
            {
                return frame;
            }
        }
    }

    /// <summary>Ends this side of the connection (FIN). The server's frames can still be read.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private async Task<string> ReadHeadAsync()
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadExactlyAsync(1, deadline.Token))[0]);
        }

        return head.ToString();
    }
}

internal sealed record RawFrame(WebSocketOpcode Opcode, byte[] Payload, bool Fin)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public int CloseCode => BinaryPrimitives.ReadUInt16BigEndian(Payload);

    public string CloseText => Encoding.UTF8.GetString(Payload.AsSpan(2));
}
