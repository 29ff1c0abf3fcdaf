namespace Chat.Client.Topics;

/// <summary>A call that fetches the messages of a topic's log before the live ones, which are held meanwhile. For its owner and
/// <see cref="TopicStates"/> only.</summary>
internal sealed class TopicCall(string topic, TopicState life, ChatPosition? live = null)
{
    public string Topic => topic;

    /// <summary>The state of the topic that the call fetches for.</summary>
    public TopicState Life { get; set; } = life;

    /// <summary>The position from which on the server sends the messages by itself, if it is known.</summary>
    public ChatPosition? Live => live;

    /// <summary>The reader has been told from which position on the call fetches.</summary>
    public bool HasBegun { get; set; }

    /// <summary>The server put the client out of the topic before it answered. The answer may be older or newer than that.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Nobody waits for the call any longer.</summary>
    public bool IsOver { get; set; }
}
