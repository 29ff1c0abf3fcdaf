namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Every channel name there is. Hubs share a Redis, so each name starts with its hub's.</summary>
internal sealed class SignalChannels(string hub)
{
    /// <summary>Every node listens.</summary>
    public string All { get; } = hub + ":all";

    /// <summary>That node listens: answers to its questions.</summary>
    public string Node(string id) => $"{hub}:node:{id}";

    /// <summary>The node that holds the connection listens.</summary>
    public string Connection(string id) => $"{hub}:connection:{id}";

    /// <summary>The nodes that hold a member listen.</summary>
    public string Group(string name) => $"{hub}:group:{name}";

    /// <summary>The nodes that hold a connection of the user listen.</summary>
    public string User(string id) => $"{hub}:user:{id}";
}
