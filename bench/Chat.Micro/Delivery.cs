using System.Buffers.Text;
using System.Text.Json;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.RawEndpoints;
using Chat.Api.Topics;
using Chat.Tests.Support;

namespace Chat.Micro;

/// <summary>Delivers an envelope from Redis to each local member's socket, in order and without a gap. Compared with the straightforward way: parse
/// it, write the frame once, put it into each member's channel. Times are per message.</summary>
public class Delivery
{
    private readonly byte[] _utf8 = Sample.Envelope();
    private readonly NullSender _sender = new();
    private readonly List<Channel<byte[]>> _channels = [];
    private LocalTopic _topic = null!;
    private int _offsetAt;
    private long _offset;

    [Params(10, 1000)]
    public int Members { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _topic = new LocalTopic(Sample.Topic, "otherone"u8.ToArray(), new TopicMetrics(NoMeters.Instance));
        _topic.Begin(new LogPage(Sample.Message.Epoch, Sample.FirstOffset, []));
        _offset = Sample.FirstOffset;
        _offsetAt = _utf8.AsSpan().IndexOf("1000000000"u8);
        for (var i = 0; i < Members; i++)
        {
            _topic.Join(new Connection(i + 1, _sender));
            _channels.Add(Channel.CreateUnbounded<byte[]>());
        }
    }

    [Benchmark(Baseline = true)]
    public long Straightforward()
    {
        var message = JsonSerializer.Deserialize<Sample>(_utf8)!;
        var frame = JsonSerializer.SerializeToUtf8Bytes(
            new { type = "message", topic = "group:42", from = message.FromId, msg = message.Msg, id = message.Id, epoch = message.Epoch, offset = message.Offset, at = message.At });
        foreach (var channel in _channels)
        {
            channel.Writer.TryWrite(frame);
        }

        foreach (var channel in _channels)
        {
            while (channel.Reader.TryRead(out var next))
            {
                _sender.TrySend(next, out _);
            }
        }

        return _sender.Sent;
    }

    [Benchmark]
    public long Chat()
    {
        Utf8Formatter.TryFormat(++_offset, _utf8.AsSpan(_offsetAt), out _);
        SendBatch.Begin();
        if (_topic.Receive(_utf8))
        {
            throw new InvalidOperationException("There is no gap.");
        }

        SendBatch.Flush();
        return _sender.Sent;
    }

    private sealed class Connection : Api.Connections.Connection
    {
        private readonly Outbox _outbox;

        public Connection(long number, NullSender sender)
            : base(number, "ben", WebSocketFormat.Json) => _outbox = new Outbox(sender, 1024 * 1024, new ConnectionMetrics(NoMeters.Instance));

        public override void Enqueue(Frame frame) => _outbox.TryEnqueue(frame);

        public override Task HasRoomAsync() => Task.CompletedTask;

        public override void Close(CloseReason reason) => throw new InvalidOperationException($"{reason}");

        public override void Tend(TendingRound round)
        {
            // There is no peer to report.
        }
    }
}
