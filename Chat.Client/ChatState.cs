namespace Chat.Client;

/// <summary>How it stands with a client's connection.</summary>
public enum ChatState
{
    /// <summary>It is being made.</summary>
    Connecting,

    /// <summary>It is there.</summary>
    Online,

    /// <summary>It is not there, and will be tried again after a while.</summary>
    Waiting,

    /// <summary>It has ended for good: disposed of, or refused in a way that would be repeated.</summary>
    Stopped,
}

/// <summary>A change of a client's state.</summary>
/// <param name="State">The new one.</param>
/// <param name="Reason">Why, in words; empty where there is nothing to say.</param>
/// <param name="Delay">While waiting: after what time it connects again.</param>
public sealed record ChatStateChange(ChatState State, string Reason, TimeSpan Delay);
