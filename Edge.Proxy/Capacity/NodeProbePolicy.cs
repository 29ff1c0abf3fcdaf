using System.Diagnostics;
using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Capacity;

/// <summary>YARP's policy for health probes, without those that failed through no fault of the node.</summary>
internal sealed class NodeProbePolicy(NodeAnswers answers, IServiceProvider services) : IActiveHealthCheckPolicy
{
    // Asked for late: this policy is one of those that it is looked for among.
    private readonly Lazy<IActiveHealthCheckPolicy> _yarps = new(() => services.GetServices<IActiveHealthCheckPolicy>()
        .Single(policy => policy.Name == HealthCheckConstants.ActivePolicy.ConsecutiveFailures));

    public string Name => NodePolicies.Probe;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        _yarps.Value.ProbingCompleted(cluster, [.. probingResults.Where(result => OwnFaults.Of(result.Exception) == OwnFault.None && !IsBusy(result))]);

    // It answered somebody else while the probe waited in vain.
    private bool IsBusy(DestinationProbingResult result) =>
        result.Exception is OperationCanceledException
        && answers.HasAnsweredSince(result.Destination, Stopwatch.GetTimestamp() - (long)(NodeDestinations.ProbeTimeout.TotalSeconds * Stopwatch.Frequency));
}
