namespace Chat.Api.Nodes;

/// <summary>How many client connections this node holds right now. Read at every heartbeat, from any thread.</summary>
internal interface IConnectionCount
{
    int Connections { get; }
}
