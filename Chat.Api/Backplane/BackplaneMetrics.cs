using System.Diagnostics;
using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Backplane;

/// <summary>The backplane's metrics, in the <c>Chat</c> meter, and the <c>Chat</c> source of traces.</summary>
internal sealed class BackplaneMetrics
{
    public static readonly ActivitySource Traces = new(ChatTelemetry.Name);

    private readonly Counter<long> _published;
    private readonly Counter<long> _publishFailures;
    private readonly Histogram<double> _publishLatency;
    private readonly Histogram<double> _roundTrip;
    private readonly Counter<long> _rebuilds;
    private readonly Counter<long> _slotsMoved;
    private readonly Counter<long> _headsTold;
    private readonly Counter<long> _headsDropped;

    public BackplaneMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ChatTelemetry.Name);
        _published = meter.CreateCounter<long>("chat.published", "{message}", "Messages Redis has confirmed.");
        _publishFailures = meter.CreateCounter<long>("chat.publish.failures", "{message}", "Messages not published, or not known to be.");
        _publishLatency = meter.CreateHistogram<double>("chat.publish.duration", "s", "From the frame to Redis's confirmation.");
        _roundTrip = meter.CreateHistogram<double>("chat.redis.roundtrip", "s", "From a tick, once a second, to Redis's answer.");
        _rebuilds = meter.CreateCounter<long>("chat.backplane.rebuilds", "{rebuild}", "Times all subscriptions of a link were made anew.");
        _slotsMoved = meter.CreateCounter<long>("chat.backplane.slots.moved", "{slot}", "Slots whose sharded channels are now listened to at another server.");
        _headsTold = meter.CreateCounter<long>("chat.heads.told", "{topic}", "Positions of quiet topics told to every node, twice each.");
        _headsDropped = meter.CreateCounter<long>("chat.heads.dropped", "{topic}", "Positions not told, because too many waited.");
    }

    public void Published(TimeSpan elapsed)
    {
        _published.Add(1);
        _publishLatency.Record(elapsed.TotalSeconds);
    }

    public void PublishFailed() => _publishFailures.Add(1);

    public void RoundTrip(TimeSpan elapsed) => _roundTrip.Record(elapsed.TotalSeconds);

    public void Rebuilt() => _rebuilds.Add(1);

    public void SlotsMoved(int slots) => _slotsMoved.Add(slots);

    public void HeadsTold(int topics) => _headsTold.Add(topics);

    public void HeadDropped() => _headsDropped.Add(1);
}
