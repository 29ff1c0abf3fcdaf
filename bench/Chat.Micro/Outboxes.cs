using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Chat.Api.Connections;
using Chat.Tests.Support;

namespace Chat.Micro;

/// <summary>Puts sixteen frames into a connection's queue and takes them out in one round. Compared with a channel of the framework. Times are per frame.</summary>
public class Outboxes
{
    private const int Frames = 16;

    private readonly Frame _frame = new(new byte[200]);
    private readonly NullSender _sender = new();
    private readonly Channel<Frame> _channel = Channel.CreateUnbounded<Frame>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Outbox _outbox;

    public Outboxes() => _outbox = new Outbox(_sender, 1024 * 1024, new ConnectionMetrics(NoMeters.Instance));

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public long ChannelOfTheFramework()
    {
        for (var i = 0; i < Frames; i++)
        {
            _channel.Writer.TryWrite(_frame);
        }

        while (_channel.Reader.TryRead(out var frame))
        {
            _sender.TrySend(frame.Span, out _);
        }

        return _sender.Sent;
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long Chat()
    {
        SendBatch.Begin();
        for (var i = 0; i < Frames; i++)
        {
            _outbox.TryEnqueue(_frame);
        }

        SendBatch.Flush();
        return _sender.Sent;
    }
}
