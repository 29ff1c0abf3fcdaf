namespace Chat.Client.Topics;

/// <summary>What a client knows of one group, or of its user's own messages, from joining to leaving.</summary>
internal sealed class TopicState
{
    /// <summary>The position of the last message given to the reader; null before the server has first named a position.</summary>
    public ChatPosition? Position { get; set; }

    /// <summary>The user is in the topic, as far as the client knows.</summary>
    public bool IsIn { get; set; }

    /// <summary>The reader has been told from which position on it gets the topic.</summary>
    public bool IsHeard { get; set; }

    /// <summary>The server has told the present connection the topic's position.</summary>
    public bool IsTold { get; set; }

    /// <summary>The record of the user's groups (<see cref="TopicStates.Connected"/>) that the topic was in when the server last named it; 0: not
    /// known.</summary>
    public long Record { get; set; }

    /// <summary>The present connection has told the server the client's position.</summary>
    public bool IsAsked { get; set; }

    /// <summary>The client watches the group's presence.</summary>
    public bool IsWatched { get; set; }

    /// <summary>The present connection is fetching messages that the server did not send by itself. Live messages are delivered once it is done, or
    /// by the next connection.</summary>
    public bool IsReturning { get; set; }

    /// <summary>How many calls wait for earlier messages to be fetched.</summary>
    public int Holds { get; set; }

    /// <summary>Live messages are held, because earlier ones are yet to be fetched.</summary>
    public bool IsHeld => IsReturning || Holds > 0;

    /// <summary>What is held: messages, deletions, and the positions from which on the server says that the client gets the topic.</summary>
    public List<ChatEvent> Held { get; } = [];
}
