using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Affinity;

/// <summary>The request belongs to a connection that lives on this node. No other node can answer it.</summary>
internal sealed record HubBond(DestinationState Node);
