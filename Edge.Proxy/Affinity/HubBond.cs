using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Affinity;

/// <summary>How a request hangs on a node.</summary>
/// <param name="Node">The node to ask first.</param>
/// <param name="IsFast">No other node can answer it: it belongs to a connection that lives there.</param>
internal sealed record HubBond(DestinationState Node, bool IsFast);
