using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Nodes;

/// <summary>The proxy's configuration: fixed routes, and one cluster whose destinations are the current nodes.</summary>
internal sealed class NodeDestinations
{
    public const string Cluster = "nodes";

    /// <summary>The destination of <see cref="EdgeOptions.Upstream"/>. Every other destination's id is the id of its node.</summary>
    public const string Upstream = "upstream";

    /// <summary>How long a node may take to answer a probe.</summary>
    public static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    private const string AffinityCookie = "chat-node";
    private const string Draining = "Draining";
    private static readonly string[] Paths = ["/chat/{**rest}", "/signalr/{**rest}", "/api/auth/{**rest}", "/api/nodes"];
    private const string ServerApi = "/api/v1/{**rest}";
    private static readonly string[] Operations = ["/ops/report", "/ops/drain"]; // the page's files are beside them, and the edge serves these itself
    private readonly EdgeOptions _options;
    private readonly RouteConfig[] _routes;
    private readonly InMemoryConfigProvider _provider;
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _present = [];

    public NodeDestinations(IOptions<EdgeOptions> options)
    {
        _options = options.Value;
        string[] paths = [.. Paths, .. _options.Api ? [ServerApi] : Array.Empty<string>(), .. _options.Operations ? Operations : []];
        _routes = [.. paths.Select(path => new RouteConfig
        {
            RouteId = path,
            ClusterId = Cluster,
            Match = new RouteMatch { Path = path },
        })];
        _provider = new InMemoryConfigProvider(_routes, [_options.Upstream is null ? OfNodes([]) : OfUpstream(_options.Upstream)]);
    }

    public IProxyConfigProvider Provider => _provider;

    /// <summary>Sends new connections to those of the nodes that are ready; running ones stay where they are. A node that
    /// was there before keeps its health and its count of connections.</summary>
    public void Set(IReadOnlyList<Node> nodes)
    {
        foreach (var node in nodes)
        {
            _present.TryAdd(node.Id, new CancellationTokenSource());
        }

        _provider.Update(_routes, [OfNodes(nodes)]);
        foreach (var id in _present.Keys.Except(nodes.Select(node => node.Id)))
        {
            if (_present.TryRemove(id, out var gone))
            {
                // Not disposed: code that has its token may still look at it. It holds nothing but memory.
                gone.Cancel();
            }
        }
    }

    /// <summary>Returns a token that is canceled once this node is gone; for an unknown node, it is canceled already.</summary>
    public CancellationToken GoneOf(string id) => _present.TryGetValue(id, out var gone) ? gone.Token : new CancellationToken(canceled: true);

    /// <summary>Whether a node only serves the connections it has.</summary>
    public static bool IsDraining(DestinationState node) => node.Model.Config.Metadata?.ContainsKey(Draining) == true;

    /// <summary>Whether it takes new connections, and is not known to be unreachable.</summary>
    public static bool IsReachable(DestinationState node) => !IsDraining(node) && node.Health.Passive != DestinationHealth.Unhealthy;

    private ClusterConfig OfNodes(IReadOnlyList<Node> nodes) => new()
    {
        ClusterId = Cluster,
        LoadBalancingPolicy = NodePolicies.LeastConnections,
        SessionAffinity = new SessionAffinityConfig
        {
            Enabled = true,
            Policy = NodePolicies.HubAffinity,
            FailurePolicy = NodePolicies.NoConnection,
            AffinityKeyName = AffinityCookie,
        },
        HealthCheck = new HealthCheckConfig
        {
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Path = "/health",
                Interval = _options.HealthInterval,
                Timeout = ProbeTimeout,
                Policy = NodePolicies.Probe,
            },
            Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = NodePolicies.Refusal },
            AvailableDestinationsPolicy = NodePolicies.ReachableNodes,
        },
        Metadata = new Dictionary<string, string>
        {
            [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = 2.ToString(CultureInfo.InvariantCulture),
        },
        HttpRequest = RequestConfig,
        HttpClient = ClientConfig,
        Destinations = nodes.ToDictionary(node => node.Id, node => new DestinationConfig
        {
            Address = node.Address,
            Metadata = node.IsReady ? null : new Dictionary<string, string> { [Draining] = "" },
        }),
    };

    // No health checks: the platform behind this one address does them, and there is no other node to move on to.
    private ClusterConfig OfUpstream(string address) => new()
    {
        ClusterId = Cluster,
        HttpRequest = RequestConfig,
        HttpClient = ClientConfig,
        Destinations = new Dictionary<string, DestinationConfig> { [Upstream] = new() { Address = address } },
    };

    // This server and the nodes read headers as UTF-8, too: a cookie may have characters beyond ASCII.
    private static HttpClientConfig ClientConfig => new() { RequestHeaderEncoding = "utf-8" };

    private ForwarderRequestConfig RequestConfig => new()
    {
        ActivityTimeout = _options.ActivityTimeout,
        // WebSockets need this version, and a node without TLS speaks no other.
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
