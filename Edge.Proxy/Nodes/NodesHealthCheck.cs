using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy;

namespace Edge.Proxy.Nodes;

/// <summary>Ready when there is a node that takes clients and is not known to be unreachable.</summary>
internal sealed class NodesHealthCheck(IProxyStateLookup proxy) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            proxy.TryGetCluster(NodeDestinations.Cluster, out var cluster) && cluster.DestinationsState.AllDestinations.Any(NodeDestinations.IsReachable)
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "no chat node is available"));
}
