using System.Net.WebSockets;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;

namespace Chat.Micro;

/// <summary>Turns an envelope into a frame on the wire. Compared with the framework's serializer and WebSocket.</summary>
public class FrameEncoding
{
    private readonly byte[] _utf8 = Sample.Envelope();
    private readonly WebSocket _socket = WebSocket.CreateFromStream(Stream.Null, new WebSocketCreationOptions { IsServer = true });

    [Benchmark(Baseline = true)]
    public Task WebSocketOfTheFramework()
    {
        var message = JsonSerializer.Deserialize<Sample>(_utf8)!;
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(
            new { type = "message", topic = "group:42", from = message.FromId, msg = message.Msg, id = message.Id, epoch = message.Epoch, offset = message.Offset, at = message.At });
        return _socket.SendAsync(utf8, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    [Benchmark]
    public int Chat() => Envelope.TryParse(_utf8, out var envelope) ? WebSocketFormat.Json.Message(Sample.Topic, envelope)!.Length : 0;
}
