namespace Chat.Client.Topics;

/// <summary>What a client knows of one group, or of its user's own messages, from its joining to its leaving.</summary>
internal sealed class TopicState
{
    /// <summary>Of the last message given to who reads; null before the first word about it.</summary>
    public ChatPosition? Position { get; set; }

    /// <summary>The user is in it, as far as the client knows.</summary>
    public bool IsIn { get; set; }

    /// <summary>Who reads was told from where on it is heard.</summary>
    public bool IsHeard { get; set; }

    /// <summary>The present connection has told where it is.</summary>
    public bool IsTold { get; set; }

    /// <summary>Which record of the user's groups (<see cref="TopicStates.Connected"/>) it was in when it was last told; 0: not known.</summary>
    public long Record { get; set; }

    /// <summary>The present connection was told where the client was.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Presence is watched.</summary>
    public bool IsWatched { get; set; }

    /// <summary>The present connection fetches what it could not be told: only once it has, or in the next connection, is what comes given.</summary>
    public bool IsReturning { get; set; }

    /// <summary>How many calls wait until something that came before is fetched.</summary>
    public int Holds { get; set; }

    /// <summary>What comes is held, since something that came before is yet to be fetched.</summary>
    public bool IsHeld => IsReturning || Holds > 0;

    /// <summary>What is held: messages, and words of the server from where on the client hears it.</summary>
    public List<ChatEvent> Held { get; } = [];
}
