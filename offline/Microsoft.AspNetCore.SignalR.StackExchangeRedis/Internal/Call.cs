namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>A call of a client's method, written down once per protocol of the hub; all clients that get it share the bytes.</summary>
internal sealed class Call(IReadOnlyList<SerializedMessage> messages)
{
    public IReadOnlyList<SerializedMessage> Messages => messages;

    public SerializedHubMessage Message { get; } = new(messages);

    /// <summary>What it weighs while it waits for a client.</summary>
    public int Bytes { get; } = messages.Max(message => message.Serialized.Length);

    public bool IsIn(string protocol)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].ProtocolName == protocol)
            {
                return true;
            }
        }

        return false;
    }
}
