using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Edge.Proxy.Requests;

/// <summary>The edge's metrics, in the <c>Chat</c> meter.</summary>
internal sealed class EdgeMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _refused;

    public EdgeMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(ChatTelemetry.Name);
        _refused = _meter.CreateCounter<long>("chat.edge.refused", "{event}", "Requests and connections that the edge refused or ended by itself, by reason.");
    }

    public void Refused(EdgeRefusal reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    /// <summary>Makes the meter report how many requests are carried.</summary>
    public void Observe(Func<int> carried) =>
        _meter.CreateObservableUpDownCounter("chat.edge.carried", carried, "{request}", "WebSockets and other requests that are being carried to nodes.");
}

/// <summary>Why the edge refused a request or a connection, or ended it.</summary>
internal enum EdgeRefusal
{
    /// <summary>More connections began in a second than are allowed: <see cref="EdgeOptions.ConnectionsPerSecond"/>.</summary>
    Rate,

    /// <summary>The same from one address: <see cref="EdgeOptions.AddressConnectionsPerSecond"/>.</summary>
    AddressRate,

    /// <summary>More connections were beginning at once than are allowed, for too long: <see cref="EdgeOptions.UpgradesAtOnce"/>.</summary>
    AtOnce,

    /// <summary>The edge carries as many connections as it can: <see cref="EdgeOptions.Connections"/>.</summary>
    Full,

    /// <summary>A client sent no request in time: <see cref="EdgeOptions.HeaderTimeout"/>.</summary>
    Silent,

    /// <summary>A connection without a request had to make room for another.</summary>
    Idle,

    /// <summary>An answer was not taken for too long, or had to make room for others; its connection was ended: <see cref="EdgeOptions.UntakenAnswers"/>.</summary>
    Untaken,

    /// <summary>The edge is stopping.</summary>
    Stopping,
}
