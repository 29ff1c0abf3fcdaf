using Chat.Api.Messages;

namespace Chat.Api.Connections;

/// <summary>How the events of a topic look on the wire. A message is encoded once per format that its members use.</summary>
internal interface IFrameFormat
{
    /// <summary>How many formats there are; each has an index below this.</summary>
    const int Count = 6;

    int Index { get; }

    /// <summary>Null if this format has no frame for it.</summary>
    Frame? Message(Topic topic, scoped in Envelope envelope);

    /// <summary>Where the stream of a topic continues, and whether nothing was missed up to there. Null as above.</summary>
    Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered);

    /// <summary>The client is about to be closed and is asked to connect again after a while. Null as above.</summary>
    Frame? Reconnect(TimeSpan after);

    /// <summary>Who is in a topic, or who came and went. Null as above.</summary>
    Frame? Presence(Topic topic, PresenceNews news);

    /// <summary>The client may not do what it wanted in a topic, or may no longer be in it. Null as above.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="until">Until when, if that is known.</param>
    Frame? Forbidden(Topic topic, DateTimeOffset? until);
}
