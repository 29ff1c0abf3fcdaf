using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using ServiceDefaults;

namespace Chat.Api.ServerApi;

/// <summary>The metrics of the API, in the <c>Chat</c> meter.</summary>
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

    /// <param name="call">The call; null if no such call exists.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="status">The status of the answer.</param>
    /// <param name="began">The timestamp at which the call began.</param>
    public void Answered(Endpoint? call, ClaimsPrincipal caller, int status, long began)
    {
        if (!_requests.Enabled && !_duration.Enabled)
        {
            return;
        }

        var name = call?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "none";
        _requests.Add(1, new("endpoint", name), new("key", ApiCaller.LabelOf(caller)), new KeyValuePair<string, object?>("outcome", status));
        _duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("endpoint", name));
    }
}
