using System.Diagnostics;
using OpenTelemetry;
using ServiceDefaults.Health;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Keeps health probes out of the traces, those this process answers and those the edge sends. What runs below a
/// probe goes with it: the sampler follows the parent.
/// </summary>
internal sealed class ProbeTraceFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (IsProbe(data))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            data.IsAllDataRequested = false;
        }
    }

    private static bool IsProbe(Activity activity) => activity.Source.Name switch
    {
        "Microsoft.AspNetCore" => activity.GetTagItem("url.path") is HealthEndpoints.Alive or HealthEndpoints.Ready,
        "Yarp.ReverseProxy" => activity.OperationName is "proxy.cluster_health_checks" or "proxy.destination_health_check",
        _ => false,
    };
}
