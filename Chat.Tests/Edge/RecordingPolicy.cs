using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Chat.Tests.Edge;

/// <summary>In the place of YARP's policy for probes: keeps whom it is told of.</summary>
internal sealed class RecordingPolicy : IActiveHealthCheckPolicy
{
    public List<string> Judged { get; } = [];

    public string Name => HealthCheckConstants.ActivePolicy.ConsecutiveFailures;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        Judged.AddRange(probingResults.Select(result => result.Destination.DestinationId));
}

/// <summary>Where nobody's health changes.</summary>
internal sealed class NoUpdater : IDestinationHealthUpdater
{
    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthStates)
    {
    }

    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod)
    {
    }
}
