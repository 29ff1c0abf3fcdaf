namespace Chat.Client.Topics;

/// <summary>A call that fetches what a topic's log has before what comes, which is held meanwhile. Its owner's, and <see cref="TopicStates"/>'s.</summary>
internal sealed class TopicCall(string topic, TopicState life)
{
    public string Topic => topic;

    /// <summary>The client's part in the topic that it fetches for.</summary>
    public TopicState Life { get; set; } = life;

    /// <summary>Who reads was told from where on it fetches.</summary>
    public bool HasBegun { get; set; }

    /// <summary>The server put the client out of the topic before it answered: the answer may be older than that, or newer.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Nobody waits for it any more.</summary>
    public bool IsOver { get; set; }
}
