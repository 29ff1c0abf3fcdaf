using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Topics;

/// <summary>The metrics of topics, in the <c>Chat</c> meter.</summary>
internal sealed class TopicMetrics
{
    private readonly Counter<long> _delivered;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _holes;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _leftToTheLog;
    private readonly Counter<long> _signalsDropped;
    private readonly Meter _meter;

    public TopicMetrics(IMeterFactory meters)
    {
        var meter = _meter = meters.Create(ChatTelemetry.Name);
        _delivered = meter.CreateCounter<long>("chat.delivered", "{message}", "Messages put into local outboxes.");
        _latency = meter.CreateHistogram<double>("chat.delivery.duration", "s", "From the publishing node to this one, by their clocks.");
        _gaps = meter.CreateCounter<long>("chat.gaps.filled", "{message}", "Messages fetched from a log because the channel lost them.");
        _holes = meter.CreateCounter<long>("chat.holes", "{hole}", "Times messages were missed that the log no longer had.");
        _malformed = meter.CreateCounter<long>("chat.envelopes.malformed", "{envelope}", "What arrived on a channel and is no envelope.");
        _leftToTheLog = meter.CreateCounter<long>("chat.delivery.overflows", "{message}", "Messages that found their topic's lane full, and are read from the log.");
        _signalsDropped = meter.CreateCounter<long>("chat.signals.dropped", "{signal}", "Signals that found their topic's lane full, and are in no log.");
    }

    /// <summary>From now on, the meter shows how much waits to be delivered.</summary>
    public void Observe(DeliveryLanes lanes) =>
        _meter.CreateObservableGauge("chat.delivery.waiting", () => lanes.WaitingBytes, "By", "Bytes that wait for a thread to deliver them.");

    public void Delivered(int members, long at)
    {
        _delivered.Add(members);
        if (at > 0 && _latency.Enabled)
        {
            _latency.Record(Math.Max(0, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - at) / 1000.0); // clocks differ
        }
    }

    public void GapFilled(long messages) => _gaps.Add(messages);

    public void Hole() => _holes.Add(1);

    public void Malformed() => _malformed.Add(1);

    public void LeftToTheLog() => _leftToTheLog.Add(1);

    public void SignalDropped() => _signalsDropped.Add(1);
}
