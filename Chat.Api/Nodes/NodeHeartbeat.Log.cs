namespace Chat.Api.Nodes;

internal sealed partial class NodeHeartbeat
{
    [LoggerMessage(EventName = "NodeRegistered", Level = LogLevel.Information, Message = "Node {Node} is registered at {Address}, {Origin}")]
    private partial void LogRegistered(string node, string address, string origin);

    [LoggerMessage(EventName = "RegistryAway", Level = LogLevel.Warning, Message = "Node {Node} cannot renew its lease in Redis (ConnectionStrings:redis): {Reason}")]
    private partial void LogRegistryAway(string node, string reason);

    [LoggerMessage(EventName = "NodeLeft", Level = LogLevel.Information, Message = "Node {Node} left the registry")]
    private partial void LogLeft(string node);
}
