using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Marks topics whose queues of events may hold something, for the nodes that take events out (Events/).</summary>
/// <remarks>
/// <para>Guarantee: every acknowledged event that is to be told is in its topic's queue, and the topic is marked, whichever node dies when.</para>
/// <para>Mechanism: an event enters its queue in the very script in which it happens, in its topic's slot of a Redis Cluster. The list of queues to
/// look after cannot be in all of these slots; it is in those of the partitions. So the two are written one after the other, the mark first. A mark is
/// not removed before it is <see cref="HoldTime"/> old, and then only if the queue was found empty after that time. So a node that acknowledges while
/// the mark surely stands (<see cref="StandsFor"/>) can rely on it. A node that can no longer be sure marks once more, and acknowledges then.</para>
/// <para>Redis's clock says how old a mark is. If that clock leaps, a mark may go too early. An occasional search for queues without a
/// mark finds what that leaves behind.</para>
/// </remarks>
internal sealed class EventMarks(RedisCommands commands, RedisKeys keys, EventRules rules, TimeProvider time)
{
    /// <summary>Topics are divided into this many partitions, to be looked after; the same on all nodes.</summary>
    public const int Partitions = 32;

    public static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan StandsFor = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan HoldTime = TimeSpan.FromSeconds(90);

    private static readonly RedisScript Script = new("events-mark.lua");

    public static IReadOnlyList<RedisScript> Scripts => [Script];

    /// <summary>How many arguments <see cref="WriteArguments"/> writes.</summary>
    public const int Arguments = 4;

    public EventRules Rules => rules;

    public static int PartitionOf(ReadOnlySpan<byte> topic) => RedisSlot.Of(topic) % Partitions;

    /// <summary>The mark of a topic whose messages are told to a backend; null if they are not.</summary>
    public TopicMark? Of(string topic) =>
        rules.TellsMessagesOf(topic) ? new TopicMark(System.Text.Encoding.UTF8.GetBytes(topic), time) : null;

    /// <summary>Marks the topic. Never waits.</summary>
    /// <param name="mark">Is told the result.</param>
    /// <param name="waiting">A publish that has been carried out and will be acknowledged once the topic is marked, or null.</param>
    public void Send(TopicMark mark, PublishOperation? waiting = null)
    {
        var command = new MarkCommand(mark, waiting, mark.Sending());
        Write(command.Buffer, mark.Topic.Span, mark.Partition);
        if (!commands.TrySend(command, RedisKeys.PartitionTag(mark.Partition)))
        {
            command.Refuse();
        }
    }

    /// <exception cref="BackplaneUnavailableException">It may or may not be marked.</exception>
    public Task MarkAsync(Topic topic)
    {
        var call = new RedisCall();
        var partition = PartitionOf(topic.Utf8Name.Span);
        Write(call.Buffer, topic.Utf8Name.Span, partition);
        return commands.CallAsync(call, RedisKeys.PartitionTag(partition));
    }

    /// <summary>Calls a script that may put something into the topic's queue. When this completes, the topic is marked.</summary>
    /// <exception cref="BackplaneUnavailableException">It may or may not have been carried out.</exception>
    public async Task<object?> CallAsync(RedisCall call, Topic topic)
    {
        var began = time.GetTimestamp();
        await MarkAsync(topic);
        var reply = await commands.CallAsync(call, topic.Utf8Name.Span);
        if (time.GetElapsedTime(began) >= StandsFor)
        {
            await MarkAsync(topic);
        }

        return reply;
    }

    /// <summary>The two keys that the function in event.lua takes.</summary>
    public void WriteKeys(CommandBuffer command, ReadOnlySpan<byte> topic)
    {
        keys.Queue(command, topic);
        keys.QueueState(command, topic);
    }

    /// <summary>The other arguments of that function.</summary>
    public void WriteArguments(CommandBuffer command, Topic topic)
    {
        WriteChannel(command, PartitionOf(topic.Utf8Name.Span));
        command.Bulk(keys.Channel(topic)).Bulk(rules.QueueLength).Bulk(rules.QueueBytes);
    }

    /// <summary>The channel on which that function wakes the nodes that work on the queue.</summary>
    public void WriteChannel(CommandBuffer command, int partition) => keys.EventsChannel(command, partition);

    private void Write(CommandBuffer command, ReadOnlySpan<byte> topic, int partition)
    {
        Script.Begin(command, keys: 1, arguments: 1);
        keys.MarkedTopics(command, partition);
        command.Bulk(topic);
    }

    private sealed class MarkCommand(TopicMark mark, PublishOperation? waiting, long sentAt) : RedisCommand
    {
        protected override void OnReply(ref RespReader reply)
        {
            mark.Confirmed(sentAt, Link!);
            waiting?.Marked();
        }

        protected override void OnFailed(string reason)
        {
            mark.Failed();
            waiting?.NotMarked(reason);
        }
    }
}
