using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Connections;

/// <summary>Limits on connections, bound from <c>Chat:Connections</c>. The node does not start with an invalid value.</summary>
internal sealed class ConnectionOptions
{
    public const string Section = "Chat:Connections";

    /// <summary>The largest message a client may send, all its fragments together. A larger one closes the connection with
    /// 1009. The limit also applies to the text once it is escaped for JSON, as it travels; beyond it the client gets an error.</summary>
    /// <value>Bytes, 64 to 1 MiB. Default 32 KiB.</value>
    [Range(64, 1024 * 1024)]
    public int MessageBytes { get; set; } = 32 * 1024;

    /// <summary>How much may wait to be sent to one client. Beyond it the connection is closed with 1013.</summary>
    /// <value>Bytes, 64 KiB or more, and at least what one user may send at once (<see cref="UserBurstCost"/>). Default 1 MiB.
    /// Frames are shared, so a node needs far less than this times its connections.</value>
    [Range(64 * 1024, int.MaxValue)]
    public int OutboxBytes { get; set; } = 1024 * 1024;

    /// <summary>The sustained rate at which a client may send messages (a token bucket). Beyond it the client gets errors, and if it goes on, its connection is closed with 1008.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 50; 0 means no limit.</value>
    /// <remarks>Pings, pongs and fragments have a limit of ten times this rate and this burst. Beyond it the connection is closed with 1008.</remarks>
    [Range(0, 1_000_000)]
    public int MessagesPerSecond { get; set; } = 50;

    /// <summary>How many messages a client may send at once after it was quiet.</summary>
    /// <value>1 to 1,000,000. Default 100. Refusals have the same burst and a tenth of the rate; a client that exceeds those is closed.</value>
    [Range(1, 1_000_000)]
    public int MessageBurst { get; set; } = 100;

    /// <summary>The sustained rate, in bytes of messages, at which a client may send. Enforced as <see cref="MessagesPerSecond"/> is.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 128 KiB; 0 means no limit.</value>
    [Range(0, 1 << 30)]
    public int BytesPerSecond { get; set; } = 128 * 1024;

    /// <summary>How many bytes of messages a client may send at once after it was quiet.</summary>
    /// <value>Bytes, <see cref="MessageBytes"/> to 1 GiB. Default 256 KiB.</value>
    [Range(64, 1 << 30)]
    public int ByteBurst { get; set; } = 256 * 1024;

    /// <summary>The sustained rate at which a user may send messages, over all of their connections in the cluster.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 100; 0 means no limit. Each node allows a share of it in proportion to how many of the
    /// user's connections it has. Where those are not counted (<see cref="PerUser"/> is 0), each node allows all of it.</value>
    [Range(0, 1_000_000)]
    public int UserMessagesPerSecond { get; set; } = 100;

    /// <summary>How many messages a user may send at once after being quiet, over all connections.</summary>
    /// <value>1 to 1,000,000. Default 200.</value>
    [Range(1, 1_000_000)]
    public int UserMessageBurst { get; set; } = 200;

    /// <summary>The sustained rate, in bytes of messages, at which a user may send, over all connections in the cluster.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 256 KiB; 0 means no limit. Shared between nodes as <see cref="UserMessagesPerSecond"/> is.</value>
    [Range(0, 1 << 30)]
    public int UserBytesPerSecond { get; set; } = 256 * 1024;

    /// <summary>How many bytes of messages a user may send at once after being quiet, over all connections.</summary>
    /// <value>Bytes, <see cref="MessageBytes"/> to 1 GiB. Default 512 KiB.</value>
    [Range(64, 1 << 30)]
    public int UserByteBurst { get; set; } = 512 * 1024;

    /// <summary>The sustained rate at which a user may join, or write to, topics that this node does not know because nobody has
    /// used them recently. Beyond it the client gets an error, or 429 before the upgrade. Each such topic may leave keys in Redis for days.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 1; 0 means no limit. Each node counts for itself.</value>
    [Range(0, 1_000_000)]
    public int UserTopicsPerSecond { get; set; } = 1;

    /// <summary>How many such topics a user may use at once after being quiet.</summary>
    /// <value>1 to 1,000,000. Default 200, enough for two devices that return with as many groups as a user can be in.</value>
    [Range(1, 1_000_000)]
    public int UserTopicBurst { get; set; } = 200;

    /// <summary>The sustained rate at which a user's new connections may enter topics. Each connection counts once, and a hub connection
    /// once more for each group of its user into which it is put. Beyond the rate, further ones get 429 before the upgrade, until the
    /// rate allows for the topics that the last connection entered.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 200; 0 means no limit. Each node counts for itself.</value>
    [Range(0, 1_000_000)]
    public int UserEntriesPerSecond { get; set; } = 200;

    /// <summary>How many topics a user's new connections may enter at once after being quiet.</summary>
    /// <value>1 to 1,000,000. Default 10,000, enough for as many devices and groups as a user can have to return five times.</value>
    [Range(1, 1_000_000)]
    public int UserEntryBurst { get; set; } = 10_000;

    /// <summary>How many messages of one connection may be awaiting confirmation by Redis. The next one is read when there are fewer.</summary>
    /// <value>1 to 10,000. Default 64.</value>
    [Range(1, 10_000)]
    public int PublishesInFlight { get; set; } = 64;

    /// <summary>After how many malformed messages in a row a connection is closed with 1008.</summary>
    /// <value>1 to 10,000. Default 20.</value>
    [Range(1, 10_000)]
    public int MalformedInARow { get; set; } = 20;

    /// <summary>How deeply JSON from a client may be nested.</summary>
    /// <value>2 to 64. Default 8.</value>
    [Range(2, 64)]
    public int JsonDepth { get; set; } = 8;

    /// <summary>How many groups a <c>/chat/channel</c> connection may join.</summary>
    /// <value>1 to 100,000. Default 100.</value>
    [Range(1, 100_000)]
    public int TopicsPerConnection { get; set; } = 100;

    /// <summary>How many connections one user may have in the whole cluster. Further ones get 429 before the upgrade.</summary>
    /// <value>0 to 1,000,000. Default 20; 0 means no limit, and connections are not counted.</value>
    [Range(0, 1_000_000)]
    public int PerUser { get; set; } = 20;

    /// <summary>How many connections this node accepts. Further ones get 503 before the upgrade, and the edge tries another node.</summary>
    /// <value>1 to 10,000,000, but at most 95 % of <see cref="TcpConnections"/>. Default 50,000.</value>
    [Range(1, 10_000_000)]
    public int PerNode { get; set; } = 50_000;

    /// <summary>How many TCP connections this node has at once, whatever they are used for, if anything. Beyond this, the one that has been idle for the
    /// longest gives way: its client has not asked for anything, or has all answers. If none is idle, the new one is ended.</summary>
    /// <value>1 to 20,000,000, but at most what the process's limit of open files allows. Default: <see cref="PerNode"/> and a tenth more, at least
    /// 10,000 more.</value>
    [Range(1, 20_000_000)]
    public int? TcpConnections { get; set; }

    /// <summary>How many answers to requests may wait until their clients take them, for a minute at most. Beyond this, the TCP
    /// connection whose answer has waited longest is ended.</summary>
    /// <value>1 to 1,000,000, but at most half of <see cref="TcpConnections"/>. Default 2,000: some 70 MiB in the worst case, and a few MiB if clients
    /// read what they ask for.</value>
    [Range(1, 1_000_000)]
    public int UntakenAnswers { get; set; } = 2000;

    /// <summary>How often a client is pinged.</summary>
    /// <value>1 second to 10 minutes. Default 25 seconds: below the idle timeouts of common proxies.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>After how long without anything from it, pongs included, a client is considered gone.</summary>
    /// <value>2 seconds to 30 minutes, longer than <see cref="PingInterval"/>. Default 35 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:02", "00:30:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(35);

    /// <summary>How long a closing handshake may take.</summary>
    /// <value>100 ms to 1 minute. Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time over which a stopping node spreads the closing of its connections, so that clients do not all return at once.</summary>
    /// <value>0 to 20 seconds. Default 3 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:20")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long this node has to be without Redis, while another node is ready, before it closes its connections with 1012:
    /// their clients are better off at the other node. While no node is ready, connections stay open.</summary>
    /// <value>0 to 10 minutes. Default 5 seconds; 0 means never.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ShedAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many connections a node closes per second, with 1012, while it has more than its share of the cluster's. Their clients
    /// reconnect, and the edge sends them to nodes with fewer.</summary>
    /// <value>0 to 10,000. Default 0: none; new connections alone even things out.</value>
    [Range(0, 10_000)]
    public int RebalancePerSecond { get; set; }

    /// <summary>Whether, on Linux, the node takes the socket of a WebSocket without TLS from the server after the upgrade, and waits for many at once
    /// on threads of its own. An idle connection then costs less than half of the memory.</summary>
    /// <value>Default true.</value>
    public bool TakeSockets { get; set; } = true;

    private const int FrameCost = 512; // what a message has around its text: ids, position and time, at their longest

    /// <summary>The most that the frames of one user's burst take up in an outbox.</summary>
    public long UserBurstCost => UserByteBurst + ((long)UserMessageBurst * FrameCost);

    /// <summary>What is wrong with the combination of these values, one sentence per error.</summary>
    public IEnumerable<string> Errors()
    {
        if (SilenceLimit <= PingInterval)
        {
            yield return $"{Section}:SilenceLimit must be longer than {Section}:PingInterval.";
        }

        if (BytesPerSecond > 0 && ByteBurst < MessageBytes)
        {
            yield return $"{Section}:ByteBurst ({ByteBurst}) must be at least {Section}:MessageBytes ({MessageBytes}), or the largest messages never get through.";
        }

        if (UserBytesPerSecond > 0 && UserByteBurst < MessageBytes)
        {
            yield return $"{Section}:UserByteBurst ({UserByteBurst}) must be at least {Section}:MessageBytes ({MessageBytes}), or the largest messages never get through.";
        }

        if (UserBytesPerSecond > 0 && UserMessagesPerSecond > 0 && OutboxBytes < UserBurstCost)
        {
            yield return $"{Section}:OutboxBytes ({OutboxBytes}) must be at least {UserBurstCost}, which is {Section}:UserByteBurst ({UserByteBurst}) and {FrameCost} for each message of {Section}:UserMessageBurst ({UserMessageBurst}): "
                + "else one user could end the connections of those who read what they are sent.";
        }
    }
}
