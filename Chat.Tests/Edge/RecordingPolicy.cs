using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Chat.Tests.Edge;

/// <summary>Replaces YARP's policy for probes and records the nodes it is told of.</summary>
internal sealed class RecordingPolicy : IActiveHealthCheckPolicy
{
    public List<string> Judged { get; } = [];

    public string Name => HealthCheckConstants.ActivePolicy.ConsecutiveFailures;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        Judged.AddRange(probingResults.Select(result => result.Destination.DestinationId));
}

/// <summary>An updater that changes nobody's health.</summary>
internal sealed class NoUpdater : IDestinationHealthUpdater
{
    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthStates)
    {
    }

    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod)
    {
    }
}
