using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Every name of a key or channel that this node uses for topics, in one place.</summary>
/// <remarks>Keys carry the topic as hash tag, <c>{group:42}:log</c>, so that one script touches one slot of a Redis Cluster. In the tag and after it,
/// ids are encoded (<see cref="KeyText"/>). Classic channels are the bare topic names of the first seed, whose nodes may share them. Sharded channels
/// have the same hash tag as the keys, <c>{group:42}</c>, so that they are in the topic's slot. All names begin with the prefix.</remarks>
internal sealed class RedisKeys(string prefix, PubSubKind pubSub = PubSubKind.Classic)
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    /// <summary>Whether topics have sharded channels. The nodes' own are classic in any case.</summary>
    public bool AreSharded => pubSub == PubSubKind.Sharded;

    /// <summary>The command that publishes to a channel of a topic, which may be sharded.</summary>
    public ReadOnlySpan<byte> PublishCommand => AreSharded ? "SPUBLISH"u8 : "PUBLISH"u8;

    /// <summary>The recent messages of a topic: a list of envelopes, oldest first.</summary>
    public void Log(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:log"u8);

    /// <summary>The life and position of a log: a hash of epoch, lineage, offset and upkeep. Outlives the log.</summary>
    public void Meta(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:meta"u8);

    /// <summary>Message ids seen in the log's window: a sorted set of sender/id by offset.</summary>
    public void Ids(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:ids"u8);

    /// <summary>How many connections a user has on each node: a hash of node id to count.</summary>
    public void Connections(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:conns"u8);

    /// <summary>The groups of a hub user: a hash of group to the generation of the joining, or of the leave, with <c>-</c> in front.</summary>
    public void Groups(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:groups"u8);

    /// <summary>Exists while a group has just been told that a user types.</summary>
    public void Typing(CommandBuffer command, ReadOnlySpan<byte> topic, string userId) =>
        Key(command, topic, [.. "}:typing:"u8, .. KeyText.Encode(userId)]);

    /// <summary>Who is in a topic: a hash of user to connections by node (presence.lua).</summary>
    public void Here(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:here"u8);

    /// <summary>The hash tag of what concerns nodes; the registry's own keys have it, too (<c>NodeKeys</c>).</summary>
    public static ReadOnlySpan<byte> NodesTag => "nodes"u8;

    /// <summary>The nodes' leases: <c>NodeKeys.Leases</c>.</summary>
    public void Leases(CommandBuffer command) => Key(command, NodesTag, "}:leases"u8);

    /// <summary>The nodes that report presence: a sorted set (presence-roll.lua).</summary>
    public void Reporters(CommandBuffer command) => Key(command, NodesTag, "}:reporters"u8);

    /// <summary>The topics about which a node reports: a set of names.</summary>
    public void TopicsOf(CommandBuffer command, string nodeId) => Key(command, NodesTag, [.. "}:topics:"u8, .. Encoding.ASCII.GetBytes(nodeId)]);

    /// <summary>The hash tag of bans and mutes.</summary>
    public static ReadOnlySpan<byte> SanctionsTag => "sanctions"u8;

    /// <summary>The bans and mutes of a user: a hash (sanction.lua).</summary>
    public void Sanctions(CommandBuffer command, string userId) => Key(command, SanctionsTag, [.. "}:of:"u8, .. KeyText.Encode(userId)]);

    /// <summary>The users whose bans and mutes have changed recently: a sorted set.</summary>
    public void SanctionChanges(CommandBuffer command) => Key(command, SanctionsTag, "}:changed"u8);

    /// <summary>The users that have bans or mutes: a sorted set.</summary>
    public void SanctionedUsers(CommandBuffer command) => Key(command, SanctionsTag, "}:users"u8);

    /// <summary>Events of a topic that a backend has yet to be told: a list, oldest first (event.lua).</summary>
    public void Queue(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:events"u8);

    /// <summary>Matches the names of all these lists.</summary>
    public string QueuePattern => Encoding.UTF8.GetString(_prefix) + "{*}:events";

    /// <summary>The topic whose list has this name.</summary>
    public string TopicOfQueue(string key)
    {
        var tag = key[(_prefix.Length + 1)..key.LastIndexOf('}')];
        var id = tag.IndexOf(':', StringComparison.Ordinal) + 1;
        return tag[..id] + KeyText.Decode(Encoding.UTF8.GetBytes(tag[id..]));
    }

    /// <summary>The state of that list: a hash.</summary>
    public void QueueState(CommandBuffer command, ReadOnlySpan<byte> topic) => Key(command, topic, "}:events:state"u8);

    /// <summary>The topics of a partition whose lists may hold something: a sorted set (events-mark.lua).</summary>
    public void MarkedTopics(CommandBuffer command, int partition) => Key(command, PartitionTag(partition), "}:topics"u8);

    /// <summary>The hash tag of what concerns all events.</summary>
    public static ReadOnlySpan<byte> EventsTag => "events"u8;

    /// <summary>The nodes that take events out: a sorted set (events-beat.lua).</summary>
    public void EventWorkers(CommandBuffer command) => Key(command, EventsTag, "}:workers"u8);

    /// <summary>The hash tag of what concerns a partition of the topics with events.</summary>
    public static byte[] PartitionTag(int partition) => PartitionTags[partition];

    private static readonly byte[][] PartitionTags = [.. Enumerable.Range(0, EventMarks.Partitions).Select(number => Encoding.ASCII.GetBytes($"events:{number}"))];

    /// <summary>The Redis Cluster slot of a topic's keys.</summary>
    public static int SlotOf(ReadOnlySpan<byte> topic) => RedisSlot.Of(IsTag(topic) ? topic : TagOf(topic));

    /// <summary>The hash tag of what concerns the whole Redis.</summary>
    public static ReadOnlySpan<byte> LivesTag => "lives"u8;

    /// <summary>Lives of Redis that began without all that had been acknowledged: a set.</summary>
    public void BrokenLives(CommandBuffer command) => Key(command, LivesTag, "}:broken"u8);

    /// <summary>The channel on which a topic's messages are told.</summary>
    public void Channel(CommandBuffer command, ReadOnlySpan<byte> topic)
    {
        if (AreSharded)
        {
            Key(command, topic, "}"u8);
        }
        else
        {
            command.Bulk(_prefix, topic);
        }
    }

    /// <inheritdoc cref="Channel(CommandBuffer, ReadOnlySpan{byte})"/>
    public byte[] Channel(Topic topic) => Channel([], topic.Utf8Name.Span);

    /// <summary>The channel on which a node publishes to itself, to know that its subscriptions are alive.</summary>
    public byte[] TickChannel(string nodeId) => [.. _prefix, .. "tick:"u8, .. Encoding.ASCII.GetBytes(nodeId)];

    /// <summary>The same on the servers of one shard: a sharded channel in the slot of this tag.</summary>
    public byte[] TickChannel(string nodeId, ReadOnlySpan<byte> tag) => [.. _prefix, .. "tick:{"u8, .. tag, .. "}:"u8, .. Encoding.ASCII.GetBytes(nodeId)];

    /// <summary>A sharded channel that nobody listens to: a node that may publish to it may publish to the others.</summary>
    public byte[] ProbeChannel => [.. _prefix, .. "probe"u8];

    /// <summary>The channel on which every node is told of removals.</summary>
    public byte[] RemovalChannel => [.. _prefix, .. "removals"u8];

    /// <summary>The channel on which every node is told when hub users join groups.</summary>
    public byte[] JoinsChannel => [.. _prefix, .. "joins"u8];

    /// <summary>The channel on which nodes tell each other how far the logs go of topics that have become quiet.</summary>
    public byte[] HeadsChannel => [.. _prefix, .. "heads"u8];

    /// <summary>The channel on which a node hears on which nodes its removals have taken effect.</summary>
    public byte[] ConfirmationChannel(string nodeId) => [.. _prefix, .. "removed:"u8, .. Encoding.ASCII.GetBytes(nodeId)];

    /// <summary>The channel of bans and mutes, without the prefix.</summary>
    public static ReadOnlySpan<byte> SanctionsKind => "sanctions"u8;

    /// <summary>The channel on which every node is told of changes of a user's bans and mutes.</summary>
    public byte[] SanctionsChannel => [.. _prefix, .. SanctionsKind];

    /// <summary>What the names of the channels of orders begin with.</summary>
    public static ReadOnlySpan<byte> OrdersKind => "orders:"u8;

    /// <summary>The channel on which all nodes are told to do something.</summary>
    public byte[] OrdersChannel => [.. _prefix, .. OrdersKind];

    /// <summary>The channel on which a node hears which nodes have carried out its orders.</summary>
    public byte[] OrderedChannel(string nodeId) => [.. _prefix, .. OrdersKind, .. Encoding.ASCII.GetBytes(nodeId)];

    /// <summary>What precedes a topic's name in the channel of its presence.</summary>
    public static ReadOnlySpan<byte> PresenceKind => "presence:"u8;

    /// <summary>The channel on which a topic's watchers hear who comes and goes.</summary>
    public byte[] PresenceChannel(Topic topic) => Channel(PresenceKind, topic.Utf8Name.Span);

    /// <summary>What precedes a partition's number in the channel of its events.</summary>
    public static ReadOnlySpan<byte> EventsKind => "events:"u8;

    /// <summary>The channel on which it is told that a list of events is no longer empty; the message is the topic's channel.</summary>
    public void EventsChannel(CommandBuffer command, int partition) => command.Bulk(_prefix, PartitionTag(partition));

    /// <inheritdoc cref="EventsChannel(CommandBuffer, int)"/>
    public byte[] EventsChannel(int partition) => [.. _prefix, .. PartitionTag(partition)];

    /// <summary>The topic of a channel, after its kind: <c>group:42</c>, <c>presence:group:42</c>. For other channels, their names.</summary>
    public ReadOnlySpan<byte> TopicOf(ReadOnlySpan<byte> channel)
    {
        var name = channel.StartsWith(_prefix) ? channel[_prefix.Length..] : default;
        if (!AreSharded || name.IndexOf((byte)'{') is not (>= 0 and var at) || name[^1] != '}')
        {
            return name;
        }

        var tag = name[(at + 1)..^1];
        return at == 0 && tag.IndexOf((byte)'%') < 0 ? tag : (byte[])[.. name[..at], .. KeyText.Decode(tag)]; // usually a topic is its own tag
    }

    /// <summary>The slot of a sharded channel.</summary>
    public static int SlotOfChannel(ReadOnlySpan<byte> channel)
    {
        var tag = channel[(channel.IndexOf((byte)'{') + 1)..];
        return RedisSlot.Of(tag[..tag.IndexOf((byte)'}')]);
    }

    private byte[] Channel(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> topic) =>
        AreSharded ? [.. _prefix, .. kind, .. "{"u8, .. IsTag(topic) ? topic : TagOf(topic), .. "}"u8] : [.. _prefix, .. kind, .. topic];

    private void Key(CommandBuffer command, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> suffix) =>
        command.Bulk(_prefix, "{"u8, IsTag(topic) ? topic : TagOf(topic), suffix);

    private static bool IsTag(ReadOnlySpan<byte> topic) => KeyText.IsPlain(IdOf(topic));

    // group:a{b -> group:a%7Bb; usually a topic is its own tag.
    private static byte[] TagOf(ReadOnlySpan<byte> topic)
    {
        var id = IdOf(topic);
        var tag = new byte[topic.Length + (id.Length * KeyText.Growth)];
        topic[..^id.Length].CopyTo(tag);
        return tag[..(topic.Length - id.Length + KeyText.Encode(id, tag.AsSpan(topic.Length - id.Length)))];
    }

    // After the first colon: an id may have further ones.
    private static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> topic) => topic[(topic.IndexOf((byte)':') + 1)..];
}
