namespace Chat.Client;

/// <summary>The state of a client's connection.</summary>
public enum ChatState
{
    /// <summary>The client is connecting.</summary>
    Connecting,

    /// <summary>The client is connected.</summary>
    Online,

    /// <summary>The client is not connected, and will try again after a pause.</summary>
    Waiting,

    /// <summary>The client has stopped for good: it was disposed of, or refused in a way that would be repeated.</summary>
    Stopped,
}

/// <summary>A change of a client's state.</summary>
/// <param name="State">The new state.</param>
/// <param name="Reason">The reason in words; empty if there is nothing to say.</param>
/// <param name="Delay">While waiting: the time until the client connects again.</param>
public sealed record ChatStateChange(ChatState State, string Reason, TimeSpan Delay);
