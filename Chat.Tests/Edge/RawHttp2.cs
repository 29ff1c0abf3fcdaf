using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Chat.Tests.Support;

namespace Chat.Tests.Edge;

/// <summary>A client of HTTP/2 (RFC 9113) without TLS that sends anything it likes. Of each body it takes as much as it says at the beginning.</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline = new(ChatClient.Deadline);
    private readonly TcpClient _tcp = new() { NoDelay = true, ReceiveBufferSize = 4096 };
    private int _stream = -1;

    private RawHttp2()
    {
    }

    public static async Task<RawHttp2> ConnectAsync(Uri server, int window)
    {
        var client = new RawHttp2();
        await client._tcp.ConnectAsync(server.Host, server.Port, client._deadline.Token);
        await client.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await client.WriteAsync(Frame(FrameType.Settings, 0, 0, [0, 4, 0, 0, (byte)(window >> 8), (byte)window])); // SETTINGS_INITIAL_WINDOW_SIZE
        return client;
    }

    /// <summary>Sends a request, or many at once.</summary>
    public Task GetAsync(string path, int times = 1)
    {
        const byte EndsStreamAndHeaders = 5;
        byte[] fields = [.. Field(":method", "GET"), .. Field(":scheme", "http"), .. Field(":authority", "edge"), .. Field(":path", path)];
        var requests = new MemoryStream();
        for (var i = 0; i < times; i++)
        {
            requests.Write(Frame(FrameType.Headers, EndsStreamAndHeaders, _stream += 2, fields));
        }

        return WriteAsync(requests.ToArray());
    }

    /// <summary>Returns when a frame of this type has arrived; others are skipped.</summary>
    public async Task NextAsync(FrameType type)
    {
        while (true)
        {
            var head = await ReadAsync(9);
            _ = await ReadAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            if ((FrameType)head[3] == type)
            {
                return;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        _deadline.Dispose();
        return ValueTask.CompletedTask;
    }

    // A literal field that is added to no table.
    private static byte[] Field(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Frame(FrameType type, byte flags, int stream, byte[] payload)
    {
        byte[] head = [0, (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, flags, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), stream);
        return [.. head, .. payload];
    }

    private async Task WriteAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes, _deadline.Token);

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _tcp.GetStream().ReadExactlyAsync(bytes, _deadline.Token);
        return bytes;
    }

    public enum FrameType
    {
        Headers = 1,
        Settings = 4,
        GoAway = 7,
    }
}
