namespace Edge.Proxy.Nodes;

/// <summary>Names under which YARP finds the edge's own policies for its nodes; each is the <c>Name</c> of a class.</summary>
internal static class NodePolicies
{
    /// <summary>Which node gets a new connection.</summary>
    public const string LeastConnections = "LeastConnections";

    /// <summary>What the answer to a probe says about a node.</summary>
    public const string Probe = "NodeProbe";

    /// <summary>What a failed request says about a node.</summary>
    public const string Refusal = "Refusal";

    /// <summary>Which nodes may get a new connection at all.</summary>
    public const string ReachableNodes = "ReachableNodes";

    /// <summary>To which node the requests of a hub connection go.</summary>
    public const string HubAffinity = "HubAffinity";

    /// <summary>How these requests are answered once that node is gone.</summary>
    public const string NoConnection = "NoConnection";
}
