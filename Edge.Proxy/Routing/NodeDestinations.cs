using System.Globalization;
using System.Net;
using Edge.Proxy.Failover;
using Edge.Proxy.Nodes;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Edge.Proxy.Routing;

/// <summary>The proxy's configuration: fixed routes, and one cluster whose destinations are the nodes of the moment.</summary>
internal sealed class NodeDestinations
{
    public const string Cluster = "nodes";

    /// <summary>Destination of the fallback; every other destination's id is the id of its node.</summary>
    public const string Upstream = "upstream";

    private static readonly string[] Paths = ["chat", "api", "signalr"];
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    private readonly EdgeOptions _options;
    private readonly RouteConfig[] _routes;
    private readonly InMemoryConfigProvider _provider;

    public NodeDestinations(IOptions<EdgeOptions> options)
    {
        _options = options.Value;
        _routes = [.. Paths.Select(path => new RouteConfig
        {
            RouteId = path,
            ClusterId = Cluster,
            Match = new RouteMatch { Path = $"/{path}/{{**rest}}" },
        })];
        _provider = new InMemoryConfigProvider(_routes, [_options.Upstream is null ? OfNodes([]) : OfUpstream(_options.Upstream)]);
    }

    public IProxyConfigProvider Provider => _provider;

    /// <summary>Sends new connections to these nodes; running ones stay where they are. A node that was there before
    /// keeps its health and its count of connections.</summary>
    public void Set(IReadOnlyList<Node> nodes) => _provider.Update(_routes, [OfNodes(nodes)]);

    private ClusterConfig OfNodes(IReadOnlyList<Node> nodes) => new()
    {
        ClusterId = Cluster,
        LoadBalancingPolicy = LeastConnectionsPolicy.PolicyName,
        HealthCheck = new HealthCheckConfig
        {
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Path = "/health",
                Interval = _options.HealthInterval,
                Timeout = ProbeTimeout,
                Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures,
            },
            Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = RefusalPolicy.PolicyName },
            AvailableDestinationsPolicy = ReachableNodesPolicy.PolicyName,
        },
        Metadata = new Dictionary<string, string>
        {
            [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = 2.ToString(CultureInfo.InvariantCulture),
        },
        HttpRequest = RequestConfig,
        Destinations = nodes.ToDictionary(node => node.Id, node => new DestinationConfig { Address = node.Address }),
    };

    // No health checks: the platform behind this one address does them, and there is nothing to move on to.
    private ClusterConfig OfUpstream(string address) => new()
    {
        ClusterId = Cluster,
        HttpRequest = RequestConfig,
        Destinations = new Dictionary<string, DestinationConfig> { [Upstream] = new() { Address = address } },
    };

    private ForwarderRequestConfig RequestConfig => new()
    {
        ActivityTimeout = _options.ActivityTimeout,
        // What WebSockets need, and what a node speaks without TLS.
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
