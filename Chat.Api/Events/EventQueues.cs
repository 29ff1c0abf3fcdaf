using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;

namespace Chat.Api.Events;

/// <summary>The queues of events in Redis, for the code that takes events out. The scripts in which events happen put them in (event.lua).</summary>
/// <remarks>Every method throws <see cref="BackplaneUnavailableException"/> if Redis does not answer. All calls can be repeated.</remarks>
internal sealed class EventQueues(RedisCommands commands, RedisKeys keys, NodeIdentity node)
{
    private const int ListedAtOnce = 1000;
    private const int CutAtOnce = 1000; // so that nobody waits long for Redis; the rest is cut another time

    private static readonly RedisScript BeatScript = new("events-beat.lua");
    private static readonly RedisScript ListScript = new("events-list.lua");
    private static readonly RedisScript UnmarkScript = new("events-unmark.lua");
    private static readonly RedisScript ReadScript = new("events-read.lua");
    private static readonly RedisScript ToldScript = new("events-told.lua");
    private static readonly RedisScript TrimScript = new("events-trim.lua");
    private static readonly RedisScript CutScript = new("events-cut.lua");
    private static readonly RedisScript RefusedScript = new("events-refused.lua");

    public static IReadOnlyList<RedisScript> Scripts => [BeatScript, ListScript, UnmarkScript, ReadScript, ToldScript, TrimScript, CutScript, RefusedScript];

    /// <summary>Announces that this node takes events out, and returns all nodes that do.</summary>
    /// <param name="lease">How long the announcement holds; zero: the node stops.</param>
    public async Task<IReadOnlyList<string>> BeatAsync(TimeSpan lease)
    {
        var call = new RedisCall();
        BeatScript.Begin(call.Buffer, keys: 1, arguments: 2);
        keys.EventWorkers(call.Buffer);
        call.Buffer.Bulk(node.Id).Bulk((long)lease.TotalMilliseconds);
        return await commands.CallAsync(call, RedisKeys.EventsTag) is object?[] nodes
            ? [.. nodes.OfType<byte[]>().Select(Encoding.ASCII.GetString)]
            : throw Odd("beat");
    }

    /// <summary>The topics of a partition that may have events.</summary>
    public async Task<IReadOnlyList<MarkedTopic>> ListAsync(int partition)
    {
        var topics = new List<MarkedTopic>();
        for (var first = 0; ; first += ListedAtOnce)
        {
            var call = new RedisCall();
            ListScript.Begin(call.Buffer, keys: 1, arguments: 2);
            keys.MarkedTopics(call.Buffer, partition);
            call.Buffer.Bulk(first).Bulk(first + ListedAtOnce - 1);
            if (await commands.CallAsync(call, RedisKeys.PartitionTag(partition)) is not object?[] reply || reply is not [byte[] now, .. var pairs])
            {
                throw Odd("list");
            }

            for (var i = 0; i + 1 < pairs.Length; i += 2)
            {
                var markedAt = Number(pairs[i + 1]);
                if (Topic.Parse(Encoding.UTF8.GetString((byte[])pairs[i]!)) is { } topic)
                {
                    topics.Add(new MarkedTopic(topic, markedAt, Number(now) - markedAt >= (long)EventMarks.HoldTime.TotalMilliseconds));
                }
            }

            if (pairs.Length < 2 * ListedAtOnce)
            {
                return topics;
            }
        }
    }

    /// <summary>Removes a mark that is old enough, after its topic's queue was found empty.</summary>
    public Task UnmarkAsync(MarkedTopic marked)
    {
        var partition = EventMarks.PartitionOf(marked.Topic.Utf8Name.Span);
        var call = new RedisCall();
        UnmarkScript.Begin(call.Buffer, keys: 1, arguments: 2);
        keys.MarkedTopics(call.Buffer, partition);
        call.Buffer.Bulk(marked.Topic.Utf8Name.Span).Bulk(marked.At);
        return commands.CallAsync(call, RedisKeys.PartitionTag(partition));
    }

    /// <summary>The oldest events of a topic, in order.</summary>
    public async Task<QueuedEvents> ReadAsync(Topic topic, int most, int bytes)
    {
        var call = Call(ReadScript, topic, arguments: 2);
        call.Buffer.Bulk(most).Bulk(bytes);
        return await commands.CallAsync(call, topic.Utf8Name.Span) is object?[] reply && reply is [long length, long waiting, long dropped, long told, .. var events]
            ? new QueuedEvents([.. events.OfType<byte[]>()], length, waiting, dropped, told)
            : throw Odd("read");
    }

    /// <summary>Notes that so many dropped events of a topic, all that there were so far, have been reported.</summary>
    public Task ToldAsync(Topic topic, long dropped)
    {
        var call = Call(ToldScript, topic, arguments: 1);
        call.Buffer.Bulk(dropped);
        return commands.CallAsync(call, topic.Utf8Name.Span);
    }

    /// <summary>Takes out the first <paramref name="count"/> events, which end with <paramref name="last"/>. Returns how many are left.</summary>
    public async Task<long> TrimAsync(Topic topic, int count, byte[] last)
    {
        var call = Call(TrimScript, topic, arguments: 2);
        call.Buffer.Bulk(count).Bulk(last);
        return await commands.CallAsync(call, topic.Utf8Name.Span) is long left ? left : throw Odd("trim");
    }

    /// <summary>Drops the oldest events of a topic until at most so many bytes are left, or until enough are dropped at once. Returns how many bytes
    /// are left.</summary>
    public async Task<long> CutAsync(Topic topic, long bytes)
    {
        var call = Call(CutScript, topic, arguments: 2);
        call.Buffer.Bulk(bytes).Bulk(CutAtOnce);
        return await commands.CallAsync(call, topic.Utf8Name.Span) is long left ? left : throw Odd("cut");
    }

    /// <summary>Notes that the first event of a topic was refused. Returns how long it has been refused.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="more">The time since the attempt before. It does not count when the event is refused for the first time.</param>
    public async Task<TimeSpan> RefusedAsync(Topic topic, string id, TimeSpan more)
    {
        var call = new RedisCall();
        RefusedScript.Begin(call.Buffer, keys: 1, arguments: 2);
        keys.QueueState(call.Buffer, topic.Utf8Name.Span);
        call.Buffer.Bulk(id).Bulk((long)more.TotalMilliseconds);
        return await commands.CallAsync(call, topic.Utf8Name.Span) is long refused ? TimeSpan.FromMilliseconds(refused) : throw Odd("refused");
    }

    private RedisCall Call(RedisScript script, Topic topic, int arguments)
    {
        var call = new RedisCall();
        script.Begin(call.Buffer, keys: 2, arguments);
        keys.Queue(call.Buffer, topic.Utf8Name.Span);
        keys.QueueState(call.Buffer, topic.Utf8Name.Span);
        return call;
    }

    private static long Number(object? text) =>
        text is byte[] digits && double.TryParse(Encoding.ASCII.GetString(digits), CultureInfo.InvariantCulture, out var number) ? (long)number : throw Odd("list");

    private static BackplaneUnavailableException Odd(string script) => new($"The script events-{script}.lua answered with something unexpected.");
}

/// <param name="Topic">A topic whose queue may hold something.</param>
/// <param name="At">When the topic was marked last, by Redis's clock.</param>
/// <param name="IsOld">Whether the mark may be removed, if the queue is found empty from now on.</param>
internal readonly record struct MarkedTopic(Topic Topic, long At, bool IsOld);

/// <param name="Events">The events as they were put in, the oldest first; perhaps not all.</param>
/// <param name="Length">How many events the queue has.</param>
/// <param name="Bytes">How many bytes they have.</param>
/// <param name="Dropped">How many events the queue had no room for since it was last empty.</param>
/// <param name="Told">How many of the dropped events have been reported.</param>
internal sealed record QueuedEvents(IReadOnlyList<byte[]> Events, long Length, long Bytes, long Dropped, long Told);
