using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy;

namespace Edge.Proxy.Nodes;

/// <summary>Ready when there is a node to send clients to.</summary>
internal sealed class NodesHealthCheck(IProxyStateLookup proxy) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            proxy.TryGetCluster(NodeDestinations.Cluster, out var cluster) && cluster.DestinationsState.AvailableDestinations.Count > 0
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "no chat node is available"));
}
