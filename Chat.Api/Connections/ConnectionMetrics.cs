using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Connections;

/// <summary>The metrics of connections, in the <c>Chat</c> meter.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Meter _meter;
    private readonly UpDownCounter<long> _connections;
    private readonly Counter<long> _received;
    private readonly Counter<long> _bytesSent;
    private readonly Counter<long> _slow;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _refused;

    public ConnectionMetrics(IMeterFactory meters)
    {
        var meter = _meter = meters.Create(ChatTelemetry.Name);
        _connections = meter.CreateUpDownCounter<long>("chat.connections", "{connection}", "Open connections.");
        _received = meter.CreateCounter<long>("chat.received", "{message}", "Messages from clients.");
        _bytesSent = meter.CreateCounter<long>("chat.sent.bytes", "By", "Bytes of frames sent to clients.");
        _slow = meter.CreateCounter<long>("chat.slow_consumers", "{connection}", "Connections closed because their outbox was full.");
        _closed = meter.CreateCounter<long>("chat.closed", "{connection}", "Connections ended, by close code.");
        _refused = meter.CreateCounter<long>("chat.refused", "{event}", "What a limit refused, by limit.");
    }

    /// <summary>From now on, the meter shows how much waits in the outboxes. It adds this up when somebody asks, not at every frame.</summary>
    public void Observe(ConnectionTable connections)
    {
        _meter.CreateObservableUpDownCounter(
            "chat.outbox.bytes", () => connections.All.Sum(connection => connection.WaitingBytes), "By", "Bytes that wait to be sent to clients.");
        _meter.CreateObservableGauge(
            "chat.outbox.largest", () => connections.All.Select(connection => connection.WaitingBytes).DefaultIfEmpty().Max(), "By", "Bytes that wait for the slowest client.");
    }

    public void Opened() => _connections.Add(1);

    public void Closed(CloseReason reason)
    {
        _connections.Add(-1);
        _closed.Add(1, new KeyValuePair<string, object?>("code", reason.Code));
        if (reason == CloseReason.SlowConsumer)
        {
            _slow.Add(1);
        }
    }

    public void Received() => _received.Add(1);

    public void Sent(int bytes) => _bytesSent.Add(bytes);

    /// <param name="limit">The setting's name.</param>
    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
