using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Events;

/// <summary>The metrics of events, in the <c>Chat</c> meter.</summary>
internal sealed class EventMetrics
{
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _requests;

    public EventMetrics(IMeterFactory meters, TopicTurns turns, TimeProvider time)
    {
        var meter = meters.Create(ChatTelemetry.Name);
        _delivered = meter.CreateCounter<long>("chat.events.delivered", "{event}", "Events that the receiver has taken.");
        _dropped = meter.CreateCounter<long>("chat.events.dropped", "{event}", "Events that were dropped: there was no room in their queue, or they were refused for too long.");
        _requests = meter.CreateHistogram<double>("chat.events.request.duration", "s", "Requests to the receiver.");
        meter.CreateObservableGauge("chat.events.waiting", () => turns.Backlog.Waiting, "{event}", "Events that wait, of the topics that this node sees to.");
        meter.CreateObservableGauge(
            "chat.events.oldest",
            () => turns.Backlog.OldestAt is > 0 and var at ? Math.Max(0, (time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(at)).TotalSeconds) : 0,
            "s",
            "How old the oldest of them is.");
    }

    public void Delivered(int events) => _delivered.Add(events);

    /// <param name="events">How many.</param>
    /// <param name="reason"><c>full</c> or <c>refused</c>.</param>
    public void Dropped(long events, string reason) => _dropped.Add(events, new KeyValuePair<string, object?>("reason", reason));

    /// <param name="elapsed">How long the request took.</param>
    /// <param name="outcome"><c>accepted</c>, <c>refused</c>, <c>away</c> or <c>slow</c> (ended early, for others).</param>
    public void Requested(TimeSpan elapsed, string outcome) => _requests.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
}
