namespace Chat.Api.Nodes;

/// <summary>How this node presents itself to the cluster. Bound from <c>Chat:Nodes</c>. The node does not start with an invalid value.</summary>
internal sealed class NodeOptions
{
    public const string Section = "Chat:Nodes";

    /// <summary>How often the node renews its lease and refreshes its view of the others.</summary>
    /// <value>100 ms to 1 minute. Default 2 seconds.</value>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the node is considered alive after its last heartbeat, by Redis's clock.</summary>
    /// <value>At least 3 heartbeats, so that losing two does no harm, and at most 10 minutes. Default 7 seconds: together with one heartbeat of a
    /// surviving node, a killed node and its users are gone within 10.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(7);

    /// <summary>How long a node waits for the others to confirm an order (docs/API.md). A node that has not confirmed may have
    /// carried it out or not; giving the order again is safe.</summary>
    /// <value>100 ms to 1 minute. Default 2 seconds.</value>
    public TimeSpan OrderTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The address at which the edge reaches this node, if it differs from what <see cref="OwnAddress"/> finds out.</summary>
    /// <value>An absolute http or https URL. Default: none.</value>
    public string? Address { get; set; }
}
