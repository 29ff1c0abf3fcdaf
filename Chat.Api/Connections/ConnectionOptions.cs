using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Connections;

/// <summary>Limits of connections. Bound from <c>Chat:Connections</c>; invalid values stop the start.</summary>
internal sealed class ConnectionOptions
{
    public const string Section = "Chat:Connections";

    /// <summary>Size of one message from a client, all its fragments together. More: close 1009. The same for its text
    /// once it is escaped for JSON, as it travels. More: an error.</summary>
    /// <value>Bytes, 64 to 1 MiB. Default 32 KiB.</value>
    [Range(64, 1024 * 1024)]
    public int MessageBytes { get; set; } = 32 * 1024;

    /// <summary>Bytes that may wait to be sent to one client. More: close 1013.</summary>
    /// <value>Bytes, 64 KiB or more, and at least what one user may send at once (<see cref="UserBurstCost"/>). Default 1 MiB.
    /// Frames are shared, so a node needs far less than this times its connections.</value>
    [Range(64 * 1024, int.MaxValue)]
    public int OutboxBytes { get; set; } = 1024 * 1024;

    /// <summary>Messages a client may send for long (token bucket). More: an error; when it goes on, close 1008.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 50; 0: no limit.</value>
    /// <remarks>Pings, pongs and fragments may come ten times as often and ten times as many at once. More: close 1008.</remarks>
    [Range(0, 1_000_000)]
    public int MessagesPerSecond { get; set; } = 50;

    /// <summary>Messages a client may send at once after being quiet.</summary>
    /// <value>1 to 1,000,000. Default 100. As many may be refused at once, and a tenth of the rate for long; more end the connection.</value>
    [Range(1, 1_000_000)]
    public int MessageBurst { get; set; } = 100;

    /// <summary>Bytes of messages a client may send for long. More: an error; when it goes on, close 1008.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 128 KiB; 0: no limit.</value>
    [Range(0, 1 << 30)]
    public int BytesPerSecond { get; set; } = 128 * 1024;

    /// <summary>Bytes of messages a client may send at once after being quiet.</summary>
    /// <value>Bytes, <see cref="MessageBytes"/> to 1 GiB. Default 256 KiB.</value>
    [Range(64, 1 << 30)]
    public int ByteBurst { get; set; } = 256 * 1024;

    /// <summary>Messages a user may send for long, with all connections in the cluster together.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 100; 0: no limit. A node has the share of it that it has of the user's
    /// connections; where those are not counted (<see cref="PerUser"/> is 0), each node has all of it.</value>
    [Range(0, 1_000_000)]
    public int UserMessagesPerSecond { get; set; } = 100;

    /// <summary>Messages a user may send at once after being quiet, with all connections together.</summary>
    /// <value>1 to 1,000,000. Default 200.</value>
    [Range(1, 1_000_000)]
    public int UserMessageBurst { get; set; } = 200;

    /// <summary>Bytes of messages a user may send for long, with all connections in the cluster together.</summary>
    /// <value>Per second, 0 to 1 GiB. Default 256 KiB; 0: no limit. Shared as <see cref="UserMessagesPerSecond"/> is.</value>
    [Range(0, 1 << 30)]
    public int UserBytesPerSecond { get; set; } = 256 * 1024;

    /// <summary>Bytes of messages a user may send at once after being quiet, with all connections together.</summary>
    /// <value>Bytes, <see cref="MessageBytes"/> to 1 GiB. Default 512 KiB.</value>
    [Range(64, 1 << 30)]
    public int UserByteBurst { get; set; } = 512 * 1024;

    /// <summary>Topics that a user may, for long, join or write to that this node does not know, since nobody has of late.
    /// More: an error, or 429 before the upgrade. Each may leave keys in Redis for days.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 1; 0: no limit. For each node.</value>
    [Range(0, 1_000_000)]
    public int UserTopicsPerSecond { get; set; } = 1;

    /// <summary>Such topics at once after being quiet.</summary>
    /// <value>1 to 1,000,000. Default 200: two devices that come back with as many groups as they may be in.</value>
    [Range(1, 1_000_000)]
    public int UserTopicBurst { get; set; } = 200;

    /// <summary>Messages of one connection that Redis may not have confirmed yet; the next is read when one is.</summary>
    /// <value>1 to 10,000. Default 64.</value>
    [Range(1, 10_000)]
    public int PublishesInFlight { get; set; } = 64;

    /// <summary>Malformed messages in a row after which the connection is closed with 1008.</summary>
    /// <value>1 to 10,000. Default 20.</value>
    [Range(1, 10_000)]
    public int MalformedInARow { get; set; } = 20;

    /// <summary>How deep JSON from a client may nest.</summary>
    /// <value>2 to 64. Default 8.</value>
    [Range(2, 64)]
    public int JsonDepth { get; set; } = 8;

    /// <summary>Groups one <c>/chat/channel</c> connection may join.</summary>
    /// <value>1 to 100,000. Default 100.</value>
    [Range(1, 100_000)]
    public int TopicsPerConnection { get; set; } = 100;

    /// <summary>Connections of one user in the whole cluster. More: 429 before the upgrade.</summary>
    /// <value>0 to 1,000,000. Default 20; 0: no limit, and nothing is counted.</value>
    [Range(0, 1_000_000)]
    public int PerUser { get; set; } = 20;

    /// <summary>Connections this node takes. More: 503 before the upgrade, and the edge tries another node.</summary>
    /// <value>1 to 10,000,000. Default 50,000.</value>
    [Range(1, 10_000_000)]
    public int PerNode { get; set; } = 50_000;

    /// <summary>How often a client is pinged.</summary>
    /// <value>1 second to 10 minutes. Default 25 seconds: below the idle timeouts of common proxies.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Silence, pongs included, after which a client counts as gone.</summary>
    /// <value>2 seconds to 30 minutes, longer than <see cref="PingInterval"/>. Default 35 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:02", "00:30:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(35);

    /// <summary>How long a closing handshake may take.</summary>
    /// <value>100 ms to 1 minute. Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Over how long a stopping node spreads the closing of its connections, so that clients don't come back all at once.</summary>
    /// <value>0 to 20 seconds. Default 3 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:20")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(3);

    private const int FrameCost = 512; // what a message has around its text: ids, position and time, at their longest

    /// <summary>What the frames of one user's burst take in an outbox, at most.</summary>
    public long UserBurstCost => UserByteBurst + ((long)UserMessageBurst * FrameCost);

    /// <summary>Everything wrong with these values together, a sentence each.</summary>
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
