using System.ComponentModel.DataAnnotations;
using Chat.Api.Messages;

namespace Chat.Api.Backplane;

/// <summary>The link to Redis and the logs. Bound from <c>Chat:Backplane</c>; invalid values stop the start.</summary>
internal sealed class BackplaneOptions
{
    public const string Section = "Chat:Backplane";

    /// <summary>How long a command may take before the link counts as broken and publishers are told.</summary>
    /// <value>200 ms to 30 s. Default 2 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:30")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long traffic with Redis gathers when there is much of it; what comes alone never waits.</summary>
    /// <value>0 to 20 ms, whole milliseconds. Default 2 ms: at most that is added, twice, to a message's way; 0: never wait.
    /// Measured in bench/README.md.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.02")]
    public TimeSpan GatherTime { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How often a node publishes to itself, to know that its subscriptions are alive.</summary>
    /// <value>100 ms to 10 s. Default 1 s. Not ready after three of these in silence, or without this tick in what comes.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan TickInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence after which subscriptions count as dead and are rebuilt, counted in ticks. A node that is merely behind is
    /// not silent.</summary>
    /// <value>500 ms to 60 s, longer than <see cref="TickInterval"/>. Default 5 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:01:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What a node may tell in a tick of logs whose topics have become quiet (<c>Redis/TopicHeads.cs</c>); every node
    /// gets it from each of the others.</summary>
    /// <value>Bytes, 0 or 1 KiB to 4 MiB. Default 128 KiB, some 3,000 topics; the rest waits for the next tick. 0: nothing is
    /// told, and a last message that pub/sub loses waits for the next one.</value>
    public int HeadBytes { get; set; } = 128 * 1024;

    /// <summary>Topics that may wait to be told. Beyond it the one that waits for longest is dropped, and counted as
    /// <c>chat.heads.dropped</c>.</summary>
    /// <value>100 to 10,000,000. Default 100,000: about 20 MB when all wait.</value>
    [Range(100, 10_000_000)]
    public int HeadsWaiting { get; set; } = 100_000;

    /// <summary>Messages that may be published to one topic, by all users in the cluster together. More: an error, to be tried again.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 1,000, and as many at once; 0: no limit.</value>
    [Range(0, 1_000_000)]
    public int TopicMessagesPerSecond { get; set; } = 1000;

    /// <summary>The same for the bytes of their texts.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 4 MiB, and as many at once; 0: no limit.</value>
    [Range(0, 1 << 30)]
    public int TopicBytesPerSecond { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a topic's position is remembered after its last message; then a new epoch begins.</summary>
    /// <value>1 hour to 365 days, longer than every log's age. Default 7 days.</value>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan PositionAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The same for a topic that was only listened to: at most a day, so that connecting under ever new names
    /// does not fill Redis for long.</summary>
    public TimeSpan EmptyPositionAge => PositionAge < TimeSpan.FromDays(1) ? PositionAge : TimeSpan.FromDays(1);

    /// <summary>The log of a user's own messages. Default 300 messages, 1 hour.</summary>
    public LogOptions User { get; set; } = new() { Age = TimeSpan.FromHours(1) };

    /// <summary>The log of a group. Default 300 messages, 10 minutes.</summary>
    public LogOptions Group { get; set; } = new();

    /// <summary>The log of messages to all. Default 300 messages, 10 minutes.</summary>
    public LogOptions All { get; set; } = new();

    public LogOptions LogOf(TopicKind kind) => kind switch
    {
        TopicKind.User => User,
        TopicKind.Group => Group,
        _ => All,
    };

    /// <summary>Everything wrong with these values, a sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (SilenceLimit <= TickInterval)
        {
            yield return $"{Section}:SilenceLimit ({SilenceLimit}) must be longer than {Section}:TickInterval ({TickInterval}).";
        }

        if (HeadBytes is not 0 and (< 1024 or > 4 * 1024 * 1024))
        {
            yield return $"{Section}:HeadBytes is {HeadBytes}; it must be 0 (nothing is told) or 1,024 to 4,194,304.";
        }

        foreach (var kind in Enum.GetValues<TopicKind>())
        {
            var log = LogOf(kind);
            if (log.Messages is < 0 or > 100_000)
            {
                yield return $"{Section}:{kind}:Messages is {log.Messages}; it must be 0 (no log) to 100,000.";
            }

            if (log.Age < TimeSpan.FromSeconds(1) || log.Age > PositionAge)
            {
                yield return $"{Section}:{kind}:Age is {log.Age}; it must be 1 second to {Section}:PositionAge ({PositionAge}).";
            }

            if (log.Window < TimeSpan.Zero || log.Window > log.Age)
            {
                yield return $"{Section}:{kind}:Window is {log.Window}; it must be 0 (the count alone) to {Section}:{kind}:Age ({log.Age}).";
            }

            if (log.MostMessages is < 1 or > 1_000_000)
            {
                yield return $"{Section}:{kind}:MostMessages is {log.MostMessages}; it must be 1 to 1,000,000.";
            }

            if (log.MostBytes is < 64 * 1024 or > 1024 * 1024 * 1024)
            {
                yield return $"{Section}:{kind}:MostBytes is {log.MostBytes}; it must be 65,536 to 1,073,741,824.";
            }
        }
    }
}

/// <summary>How much a topic remembers: the window inside which nothing acknowledged is lost.</summary>
internal sealed class LogOptions
{
    /// <value>Messages, 0 to 100,000. Default 300; 0: no log, plain pub/sub, nothing can be resumed.</value>
    public int Messages { get; set; } = 300;

    /// <summary>The age at which a message goes. While others come, at the latest at twice that and a half; a quiet log is gone after
    /// one and a quarter.</summary>
    /// <value>1 second to <see cref="BackplaneOptions.PositionAge"/>. Default 10 minutes. By Redis's clock, as the window is.</value>
    public TimeSpan Age { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What is younger than this stays, also beyond <see cref="Messages"/>, so that a busy topic's clients, too, have time
    /// to come back or to send again.</summary>
    /// <value>0 to <see cref="Age"/>. Default 60 seconds; 0: the count alone.</value>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>More messages than this a log never keeps, whatever the window; but <see cref="Messages"/> always.</summary>
    /// <value>1 to 1,000,000. Default 10,000.</value>
    public int MostMessages { get; set; } = 10_000;

    /// <summary>Over this many bytes of messages the oldest go, whatever the window and the count: large messages make both shorter.</summary>
    /// <value>Bytes of envelopes, 64 KiB to 1 GiB. Default 4 MiB; a log may exceed it by a quarter and one message.</value>
    public long MostBytes { get; set; } = 4 * 1024 * 1024;
}
