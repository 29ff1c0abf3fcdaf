using System.ComponentModel.DataAnnotations;
using Chat.Api.Messages;

namespace Chat.Api.Backplane;

/// <summary>The connection to Redis and the logs, bound from <c>Chat:Backplane</c>. The node does not start with an invalid value.</summary>
internal sealed class BackplaneOptions
{
    public const string Section = "Chat:Backplane";

    /// <summary>How long a command may take before the link is considered broken and publishers are told.</summary>
    /// <value>200 ms to 30 s. Default 2 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:30")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long commands and replies are gathered when traffic with Redis is dense. A single message never waits.</summary>
    /// <value>0 to 20 ms, whole milliseconds. Default 2 ms, which adds at most twice that to a message's latency; 0 means that
    /// nothing ever waits. See bench/README.md for measurements.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.02")]
    public TimeSpan GatherTime { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How nodes are told of what happens in topics. All nodes of a cluster must use the same value: nodes with different values
    /// are deaf to each other.</summary>
    /// <value>Default <see cref="PubSubKind.Classic"/>, which every server supports, and nodes of other lineages as well.</value>
    public PubSubKind PubSub { get; set; } = PubSubKind.Classic;

    /// <summary>How often a node publishes to itself to find out whether its subscriptions work.</summary>
    /// <value>100 ms to 10 s. Default 1 s. After three silent ticks, or when its own tick is missing from what arrives, the node is not ready.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan TickInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a silence, counted in ticks, subscriptions are considered dead and are rebuilt. A node that is merely behind
    /// does not count as silent.</summary>
    /// <value>500 ms to 60 s, longer than <see cref="TickInterval"/>. Default 5 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:01:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How much a node may announce per tick about the heads of topics that have become quiet (<c>Redis/TopicHeads.cs</c>). Every
    /// node receives this from each of the others.</summary>
    /// <value>Bytes, 0 or 1 KiB to 4 MiB. Default 128 KiB, about 3,000 topics; the rest waits for the next tick. With 0, nothing
    /// is announced, and a last message that pub/sub loses is noticed only with the next one.</value>
    public int HeadBytes { get; set; } = 128 * 1024;

    /// <summary>How many topics may wait to be announced. Beyond that, the one that has waited longest is dropped and counted in
    /// <c>chat.heads.dropped</c>.</summary>
    /// <value>100 to 10,000,000. Default 100,000: about 20 MB when all wait.</value>
    [Range(100, 10_000_000)]
    public int HeadsWaiting { get; set; } = 100_000;

    /// <summary>How many messages all users together may publish to one topic. Beyond it the client gets an error and may try again.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 1,000, with a burst of the same size; 0 means no limit.</value>
    [Range(0, 1_000_000)]
    public int TopicMessagesPerSecond { get; set; } = 1000;

    /// <summary>The same limit in bytes of message text.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 4 MiB, with a burst of the same size; 0 means no limit.</value>
    [Range(0, 1 << 30)]
    public int TopicBytesPerSecond { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a topic's position is remembered after its last message. After that, a new epoch begins.</summary>
    /// <value>1 hour to 365 days, longer than every log's age. Default 7 days.</value>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan PositionAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The same for a topic that has had subscribers but no message: at most a day, so that connecting under ever new names
    /// cannot fill Redis for long.</summary>
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

    /// <summary>What is wrong with these values, one sentence per error.</summary>
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

        if (!Enum.IsDefined(PubSub))
        {
            yield return $"{Section}:PubSub is {PubSub}; it must be Classic or Sharded.";
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

            if (log.MostRemovals is < 0 or > 100_000)
            {
                yield return $"{Section}:{kind}:MostRemovals is {log.MostRemovals}; it must be 0 to 100,000.";
            }

            if (log.MostBytes is < 64 * 1024 or > 1024 * 1024 * 1024)
            {
                yield return $"{Section}:{kind}:MostBytes is {log.MostBytes}; it must be 65,536 to 1,073,741,824.";
            }
        }
    }
}

/// <summary>The kind of Redis channels over which nodes are told of what happens in topics.</summary>
internal enum PubSubKind
{
    /// <summary>One subscriber link for everything. Each server of a Redis Cluster passes every message on to every other one.</summary>
    Classic,

    /// <summary>Sharded channels, since Redis 7: a topic's message stays with the servers that own its slot, and nodes have a subscriber link to
    /// each of these.</summary>
    Sharded,
}

/// <summary>How much a topic remembers: the window inside which nothing acknowledged is lost.</summary>
internal sealed class LogOptions
{
    /// <value>Messages, 0 to 100,000. Default 300. With 0 there is no log: plain pub/sub, from which nothing can be resumed.</value>
    public int Messages { get; set; } = 300;

    /// <summary>The age at which a message may be removed. In a topic that is in use it is gone after two and a half times this age at the latest;
    /// a quiet log is gone after one and a quarter times.</summary>
    /// <value>1 second to <see cref="BackplaneOptions.PositionAge"/>. Default 10 minutes. Measured by Redis's clock, as is the window.</value>
    public TimeSpan Age { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Messages younger than this are kept even beyond <see cref="Messages"/>, so that clients of a busy topic also have time
    /// to come back or to send again.</summary>
    /// <value>0 to <see cref="Age"/>. Default 60 seconds. With 0, only the count decides.</value>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>A log never keeps more messages than this, whatever the window, but always at least <see cref="Messages"/>.</summary>
    /// <value>1 to 1,000,000. Default 10,000.</value>
    public int MostMessages { get; set; } = 10_000;

    /// <summary>How many removals of members, and deletions of messages, a log holds in an age without counting them as messages. Each has
    /// a place in the log; but a user who may join and leave, and perhaps not write, must not empty the log that way. On each node, one
    /// user can cause up to a third of the default. A request for the latest messages looks back past at most this many entries, of which a
    /// deletion makes two.</summary>
    /// <value>0 to 100,000. Default 2,500: some 600 KB.</value>
    public int MostRemovals { get; set; } = 2500;

    /// <summary>Beyond this many bytes, the oldest messages are removed, whatever the window and the count: large messages shorten both.</summary>
    /// <value>Bytes of envelopes, 64 KiB to 1 GiB. Default 4 MiB; a log may exceed it by a quarter and one message.</value>
    public long MostBytes { get; set; } = 4 * 1024 * 1024;
}
