using Chat.Api.Messages;

namespace Chat.Api.Redis;

/// <summary>What is told to a backend, and so put into the topics' queues of events, and how much may wait there. Registered only if
/// there is a backend to tell.</summary>
internal sealed record EventRules
{
    /// <summary>The topics whose messages are told.</summary>
    public IReadOnlyList<TopicPattern> Messages { get; init; } = [];

    /// <summary>The topics for which it is told when users come and go.</summary>
    public IReadOnlyList<TopicPattern> Presence { get; init; } = [];

    /// <summary>Whether it is told when users come online or go offline.</summary>
    public bool Online { get; init; }

    /// <summary>Whether it is told when users join or leave groups.</summary>
    public bool Memberships { get; init; }

    /// <summary>How many events may wait in a topic's queue.</summary>
    public int QueueLength { get; init; } = 10_000;

    /// <summary>How many bytes of events may wait there.</summary>
    public int QueueBytes { get; init; } = 4 * 1024 * 1024;

    public bool TellsMessagesOf(string topic) => Any(Messages, topic);

    public bool TellsPresenceOf(Topic topic) => topic.Kind == TopicKind.User ? Online : Any(Presence, topic.Name);

    private static bool Any(IReadOnlyList<TopicPattern> patterns, string topic)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(topic))
            {
                return true;
            }
        }

        return false;
    }
}
