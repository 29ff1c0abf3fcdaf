using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.ServerApi;

/// <summary>What the API counts, in the <c>Chat</c> meter.</summary>
internal sealed class ApiMetrics
{
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;

    public ApiMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ChatTelemetry.Name);
        _requests = meter.CreateCounter<long>("chat.api.requests", "{request}", "Calls of the server API, by endpoint, key and outcome.");
        _duration = meter.CreateHistogram<double>("chat.api.duration", "s", "How long calls of the server API took, by endpoint.");
    }

    /// <param name="endpoint">The call.</param>
    /// <param name="key">Who made it.</param>
    /// <param name="status">The answer's.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Answered(string endpoint, string key, int status, TimeSpan elapsed)
    {
        _requests.Add(1, new("endpoint", endpoint), new("key", key), new KeyValuePair<string, object?>("outcome", status));
        _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint));
    }
}
