namespace Edge.Proxy;

/// <summary>How the edge finds and treats the nodes. Bound from <c>Edge</c>; invalid values prevent the start.</summary>
internal sealed class EdgeOptions
{
    public const string Section = "Edge";

    /// <summary>One address for all nodes, where the platform balances between replicas that cannot be addressed one
    /// by one (Azure Container Apps). The registry is then not read.</summary>
    /// <value>An absolute http or https URL. Default: none, the registry in Redis names the nodes.</value>
    public string? Upstream { get; set; }

    /// <summary>How long a WebSocket may be silent, in both directions, before the edge closes it. Nodes ping far more often,
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

    /// <summary>How many clients may connect per second: WebSockets, and negotiations of hub clients. More are told to come back in a few
    /// seconds.</summary>
    /// <value>0 to 1,000,000, and as many at once after a quiet second. Default 5,000; 0: no limit. Measured, a connect costs some 170 us
    /// of CPU on the nodes, and more if the client has to catch up with what it missed. With this many connects, the nodes of a small cluster
    /// keep about half of their time for those who are here, and 10,000 who return at once are in again within seconds.</value>
    public int ConnectionsPerSecond { get; set; } = 5000;

    /// <summary>The same for one address (of IPv6: one /64). More are answered 429.</summary>
    /// <value>0 to 1,000,000, and ten times as many at once. Default 0: no limit, since many people may share an address.</value>
    /// <remarks>The address is that of the TCP connection. Behind another proxy, all clients have the address of that proxy, unless
    /// <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED=true</c> makes the edge believe its headers.</remarks>
    public int AddressConnectionsPerSecond { get; set; }

    /// <summary>How many WebSockets and negotiations may wait for a node's answer at once.</summary>
    /// <value>0 to 1,000,000. Default 1,000; 0: no limit. Where nodes or Redis are slow, this is what bounds the load on them.</value>
    public int UpgradesAtOnce { get; set; } = 1000;

    /// <summary>How many more may wait at the edge for their turn, for at most 2 seconds; others are told to come back.</summary>
    /// <value>0 to 1,000,000. Default 4,000: as many as get their turn within that time if 2,000 a second connect.</value>
    public int UpgradesWaiting { get; set; } = 4000;

    /// <summary>How long a client may take to ask for something: from its TCP connection to its first request, including TLS, but without the
    /// time that its handshake waits for the edge; and from the first byte of any request to the end of its headers.</summary>
    /// <value>1 second to 2 minutes. Default 10 seconds.</value>
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client's connection is kept between two requests.</summary>
    /// <value>5 seconds to 1 hour. Default 130 seconds: longer than load balancers keep theirs. Otherwise a balancer would use a connection
    /// that the edge is just closing.</value>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>The lowest rate at which a request's body may come, after its first 5 seconds.</summary>
    /// <value>Bytes per second, 0 to 1 MiB. Default 240; 0: any rate.</value>
    public int BodyBytesPerSecond { get; set; } = 240;

    /// <summary>How many answers may wait for their clients to take them, for a minute at most. If there are more, the connection of the one that has
    /// waited for the longest is ended.</summary>
    /// <value>1 to 1,000,000, but at most half the number of connections that the process's limit of open files allows. Default 2,000: in the worst
    /// case some 70 MiB; where clients read what they ask for, hardly any answers wait.</value>
    public int UntakenAnswers { get; set; } = 2000;

    public static readonly TimeSpan DefaultStopDelay = TimeSpan.FromSeconds(2);

    /// <summary>How long an edge that is asked to stop still lets clients in, while <c>/health</c> already says that it is not ready.</summary>
    /// <value>0 to 10 seconds. Default 2 seconds: the time that a balancer takes to notice. In Development 0.</value>
    public TimeSpan? StopDelay { get; set; }

    /// <summary>How many nodes are asked while each turns the client away with 503. The client gets the answer of the last one.</summary>
    /// <value>1 to 100. Default 3: if so many are full or without Redis, most likely all are, and to ask every one of them
    /// would multiply the load when it is highest. Nodes that cannot be reached do not count.</value>
    public int Attempts { get; set; } = 3;

    /// <summary>Whether WebSockets of HTTP/1.1 are relayed from socket to socket. Otherwise, over HTTP/2, to nodes with https, and on systems other than
    /// Linux, YARP copies them, which takes from a third more to twice the CPU time.</summary>
    /// <value>Default true.</value>
    public bool Relay { get; set; } = true;

    /// <summary>How often the registry is read when nothing is announced.</summary>
    /// <value>100 ms to 10 seconds. Default 1 second.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each node's <c>/health</c> is asked. Two failures in a row take a node out.</summary>
    /// <value>500 ms to 1 minute. Default 2 seconds.</value>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Signs the cookie that brings long polls and event streams back to their node. All edges need the same key.</summary>
    /// <value>At least 16 characters. Default: a random key that the edges share in Redis.</value>
    public string? AffinityKey { get; set; }

    /// <summary>Origins whose pages may open WebSockets, use the hub and call <c>/api</c>, besides pages from the host that
    /// is asked. In a comma-separated list, or as <c>Edge:AllowedOrigins:0</c> and so on.</summary>
    /// <value>Exact origins: scheme://host[:port], without a path, without wildcards. Default: none; in Development pages of
    /// localhost, 127.0.0.0/8 and [::1] may, on any port.</value>
    /// <remarks>A hub client that is not on a WebSocket needs the edge's cookie, which browsers send from another site over
    /// https only. Where TLS ends before the edge, <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED=true</c> tells the edge that it was https.</remarks>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Whether the nodes' API for backends, <c>/api/v1</c>, can be reached through the edge.</summary>
    /// <value>Default false: the edge has no such path. The nodes require a key in any case.</value>
    public bool Api { get; set; }

    /// <summary>Whether the requests of the operations page, <c>/ops/…</c>, can reach the nodes through the edge.</summary>
    /// <value>Default true. The nodes require a key or a token, unless they run in Development.</value>
    public bool Operations { get; set; } = true;

    /// <summary>The largest request body. WebSocket frames are not bodies; the nodes limit them.</summary>
    /// <value>Bytes, 1 KiB to 1 GiB. Default 1 MiB.</value>
    public int RequestBodyBytes { get; set; } = 1024 * 1024;
}
