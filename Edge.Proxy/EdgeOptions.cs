namespace Edge.Proxy;

/// <summary>How the edge finds and treats the nodes. Bound from <c>Edge</c>; invalid values stop the start.</summary>
internal sealed class EdgeOptions
{
    public const string Section = "Edge";

    /// <summary>One address for all nodes, where the platform balances between replicas that cannot be addressed one
    /// by one (Azure Container Apps). The registry is then not read.</summary>
    /// <value>An absolute http or https URL. Default: none, the registry in Redis names the nodes.</value>
    public string? Upstream { get; set; }

    /// <summary>Silence on a WebSocket, in both directions, after which the edge closes it. Nodes ping far more often,
    /// so this only ends connections whose node hangs.</summary>
    /// <value>1 minute to 1 day. Default 1 hour.</value>
    public TimeSpan ActivityTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a node may take to answer a WebSocket upgrade or a hub's negotiation, before another one is asked.</summary>
    /// <value>1 second to 2 minutes. Default 10 seconds: a node asks Redis before it answers.</value>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many connections and other requests are carried to nodes at once; more are answered 503.</summary>
    /// <value>1 to 1,000,000, but never more than the process's limit of open files allows, each connection taking two. Default:
    /// what that limit allows; any number on a system without one.</value>
    public int? Connections { get; set; }

    /// <summary>How many nodes are asked when they turn a client away with 503; the last one's answer is the client's.</summary>
    /// <value>1 to 100. Default 3: where so many are full or without Redis, most likely all are, and asking every one of them
    /// would multiply the load when it is highest. Nodes that cannot be reached do not count.</value>
    public int Attempts { get; set; } = 3;

    /// <summary>How often the registry is read when nothing is announced.</summary>
    /// <value>100 ms to 10 seconds. Default 1 second.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each node's <c>/health</c> is asked. Two failures in a row take a node out.</summary>
    /// <value>500 ms to 1 minute. Default 2 seconds.</value>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Signs the cookie that brings long polls and event streams back to their node. All edges need the same.</summary>
    /// <value>At least 16 characters. Default: a random one that the edges share in Redis.</value>
    public string? AffinityKey { get; set; }

    /// <summary>Origins whose pages may open WebSockets, use the hub and call <c>/api</c>, besides pages from the host that
    /// is asked. In a comma-separated list, or as <c>Edge:AllowedOrigins:0</c> and so on.</summary>
    /// <value>Exact origins: scheme://host[:port], without a path, without wildcards. Default: none; in Development pages of
    /// localhost, 127.0.0.0/8 and [::1] may, on any port.</value>
    /// <remarks>A hub client that is not on a WebSocket needs the edge's cookie, which browsers send from another site over
    /// https only. Where TLS ends before the edge, <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED=true</c> lets it know.</remarks>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Whether the nodes' API for backends, <c>/api/v1</c>, can be reached through the edge.</summary>
    /// <value>Default false: it is not there. The nodes want a key in any case.</value>
    public bool Api { get; set; }

    /// <summary>The largest request body. WebSocket frames are not bodies; the nodes limit them.</summary>
    /// <value>Bytes, 1 KiB to 1 GiB. Default 1 MiB.</value>
    public int RequestBodyBytes { get; set; } = 1024 * 1024;
}
