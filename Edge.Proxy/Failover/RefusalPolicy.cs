using Edge.Proxy.Capacity;
using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Failover;

/// <summary>Takes a node out of rotation at the first connection that it refuses, or leaves without an answer while it answers nobody else either.</summary>
internal sealed partial class RefusalPolicy(IDestinationHealthUpdater health, NodeAnswers answers, ILogger<RefusalPolicy> logger) : IPassiveHealthCheckPolicy
{
    // A dead node's lease ends within this time, so it does not come back; one that was only too busy does.
    private static readonly TimeSpan OutFor = TimeSpan.FromSeconds(10);

    public string Name => NodePolicies.Refusal;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        if (context.GetForwarderErrorFeature() is not { } error
            || !(Attempt.NeverConnected(error) || Attempt.NeverAnswered(error))
            || OwnFaults.Of(error.Exception) != OwnFault.None
            || NodeDestinations.IsDraining(destination))
        {
            return;
        }

        if (Attempt.TimedOut(error))
        {
            if (context.Features.Get<Attempt>() is { } attempt && answers.HasAnsweredSince(destination, attempt.Asked))
            {
                return;
            }

            answers.NoteSilence(destination);
        }

        if (destination.Health.Passive != DestinationHealth.Unhealthy)
        {
            health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, OutFor);
            LogOut(destination.DestinationId, OutFor.TotalSeconds);
        }
    }

    [LoggerMessage(EventName = "NodeRefused", Level = LogLevel.Warning, Message = "Node {Node} cannot be reached; no new connections to it for {Seconds} s")]
    private partial void LogOut(string node, double seconds);
}
