using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Capacity;

/// <summary>Applies YARP's policy for health probes, without the probes that failed through no fault of the node.</summary>
internal sealed class NodeProbePolicy(NodeAnswers answers, TimeProvider time, IServiceProvider services) : IActiveHealthCheckPolicy
{
    // Resolved late: this policy itself is one of the services among which it is looked up.
    private readonly Lazy<IActiveHealthCheckPolicy> _yarps = new(() => services.GetServices<IActiveHealthCheckPolicy>()
        .Single(policy => policy.Name == HealthCheckConstants.ActivePolicy.ConsecutiveFailures));

    public string Name => NodePolicies.Probe;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        _yarps.Value.ProbingCompleted(cluster, [.. probingResults.Where(result => OwnFaults.Of(result.Exception) == OwnFault.None && !IsBusy(result))]);
        foreach (var result in probingResults)
        {
            if (result.Response is not null)
            {
                answers.NoteProbe(result.Destination);
            }
            else if (TookTooLong(result) && !IsBusy(result) && result.Destination.Health.Active == DestinationHealth.Unhealthy) // not its first failure
            {
                answers.NoteSilence(result.Destination);
            }
        }
    }

    private static bool TookTooLong(DestinationProbingResult result) => result.Exception is OperationCanceledException;

    // The node answered somebody else while the probe waited in vain.
    private bool IsBusy(DestinationProbingResult result) =>
        TookTooLong(result)
        && answers.HasAnsweredSince(result.Destination, time.GetTimestamp() - (long)(NodeDestinations.ProbeTimeout.TotalSeconds * time.TimestampFrequency));
}
