using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis.Resp;
using Microsoft.Extensions.ObjectPool;

namespace Chat.Api.Redis;

/// <summary>The backplane over Redis, Valkey or Garnet: one link for commands, one for subscriptions. In a Redis Cluster, there is one
/// for commands to each primary and, if topics have sharded channels, one for subscriptions, too.</summary>
/// <remarks>These links are our own. The same backplane on StackExchange.Redis took 1.6 to 10 times the CPU per delivery
/// (bench/README.md), and a library's connection cannot stamp a command with the life of the server to which it goes. Everything that is
/// not on the path of a message uses that library.</remarks>
internal sealed class RedisBackplane : IBackplane
{
    private const int LongReadsAtOnce = 4; // half a megabyte under way of what clients missed; of history 32 messages each, at most 4 MB

    private static readonly RedisScript Read = new("read.lua");

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisKeys _keys;
    private readonly BackplaneOptions _options;
    private readonly byte[] _node;
    private readonly byte[] _removalChannel;
    private readonly byte[] _headsChannel;
    private readonly TimeProvider _time;
    private readonly BackplaneMetrics _metrics;
    private readonly TopicHeads _heads;
    private readonly TopicRates _rates;
    private readonly EventMarks? _events;
    private readonly ObjectPool<PublishOperation> _operations;
    private readonly Channel<Topic> _longReads = System.Threading.Channels.Channel.CreateBounded<Topic>(LongReadsAtOnce); // those under way; first come, first served
    private long _messages;

    public RedisBackplane(
        RedisCommands commands, RedisSubscriptions subscriptions, RedisKeys keys, BackplaneOptions options, NodeIdentity node, TimeProvider time, BackplaneMetrics metrics,
        EventMarks? events = null)
    {
        _commands = commands;
        _subscriptions = subscriptions;
        _keys = keys;
        _options = options;
        _node = Encoding.ASCII.GetBytes(node.Id);
        _removalChannel = keys.RemovalChannel;
        _headsChannel = keys.HeadsChannel;
        _time = time;
        _metrics = metrics;
        _events = events;
        _rates = new TopicRates(options, time, events);
        _heads = new TopicHeads(options, metrics);
        _operations = new OperationPool(_heads, metrics, events);
    }

    public static IReadOnlyList<RedisScript> Scripts => [Read];

    public bool IsReady(out string reason)
    {
        if (!_commands.IsUp)
        {
            reason = "No connection to Redis for commands.";
            return false;
        }

        return _subscriptions.IsAlive(out reason);
    }

    public bool IsReadable(Topic topic, out string reason)
    {
        if (!_commands.IsOwnerUp(topic.Utf8Name.Span))
        {
            reason = "No connection to the Redis that has its log.";
            return false;
        }

        return _subscriptions.AreOwnAlive(out reason);
    }

    /// <summary>Step 2 of a message's path: one command gives the message its place in the log and tells every node.</summary>
    public void Publish(in Publication publication, IPublishOutcome outcome)
    {
        var log = _options.LogOf(publication.Kind);
        if (publication.IsDeletion && log.Messages == 0)
        {
            outcome.Published(default, default, 0, fromClient: false); // there is nothing to delete
            return;
        }

        var operation = _operations.Get();
        var rate = _rates.Of(publication.Topic);
        operation.Begin(publication, rate, _node, Interlocked.Increment(ref _messages), outcome);
        if (!publication.IsRemoval && !publication.IsDeletion && !rate.TryTake(publication.Msg.Length))
        {
            operation.TopicBusy();
            return;
        }

        var mark = publication.IsRemoval ? null : rate.Mark;
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var command = operation.Buffer;
        if (log.Messages == 0 || !publication.Signal.IsEmpty)
        {
            operation.Scratch.Write("{"u8);
            EnvelopeWriter.WriteTail(operation.Scratch, publication, operation.Id, _node, now, operation.Trace);
            command.Command(3).Bulk(publication.IsRemoval ? "PUBLISH"u8 : _keys.PublishCommand);
            Channel(command, publication);
            command.Bulk(operation.Scratch.WrittenSpan);
        }
        else
        {
            EnvelopeWriter.WriteTail(operation.Scratch, publication, operation.Id, _node, now, operation.Trace);
            WriteScript(command, publication, operation.Scratch.WrittenSpan, log, now, mark);
            if (mark is not null)
            {
                operation.MarkBy(mark);
                if (mark.IsDue)
                {
                    _events!.Send(mark); // first: over the same link, it is carried out first, too
                }
            }
        }

        if (!_commands.TrySend(operation, publication.Topic))
        {
            operation.Refuse();
        }
    }

    public Task SubscribeAsync(Topic topic) => _subscriptions.SubscribeToTopicAsync(_keys.Channel(topic));

    public void Unsubscribe(Topic topic) => _subscriptions.UnsubscribeFromTopic(_keys.Channel(topic));

    public Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default) =>
        ReadAsync(topic, bounds.TakesTurns && limit > 0, ends => ReadAsync(topic, epoch, since, limit, ends, Lineage.Hole, bounds.Bytes));

    public Task<LogPage> ReadLatestAsync(Topic topic, int most) =>
        ReadAsync(topic, takesTurns: true, ends => ReadAsync(topic, "", -most, most, ends, Lineage.Hole, inline: true));

    public Task<LogPage> EndEpochAsync(Topic topic, string epoch) => ReadAsync(topic, epoch, 0, 0, epoch, "twice");

    private async Task<LogPage> ReadAsync(Topic topic, bool takesTurns, Func<string, Task<LogPage>> read)
    {
        if (!takesTurns)
        {
            return await LogPage.WithoutDoubtsAsync(read);
        }

        await _longReads.Writer.WriteAsync(topic); // waits for room
        try
        {
            return await LogPage.WithoutDoubtsAsync(read);
        }
        finally
        {
            _longReads.Reader.TryRead(out _);
        }
    }

    private async Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, string ends, string why, int bytes = 0, bool inline = false)
    {
        if (_options.LogOf(topic.Kind).Messages == 0)
        {
            return new LogPage("", 0, []);
        }

        var call = new RedisCall(inline);
        Read.Begin(call.Buffer, keys: 2, arguments: 9);
        _keys.Log(call.Buffer, topic.Utf8Name.Span);
        _keys.Meta(call.Buffer, topic.Utf8Name.Span);
        call.Buffer.Bulk(epoch).Bulk(since).Bulk(limit).Life()
            .Bulk((long)_options.PositionAge.TotalMilliseconds)
            .Bulk((long)_options.EmptyPositionAge.TotalMilliseconds)
            .Bulk(ends)
            .Bulk(why)
            .Bulk((long)bytes);
        var reply = await _commands.CallAsync(call, topic.Utf8Name.Span);
        return reply is object?[] fields && fields is [byte[] current, long last, long common, long crossed, byte[] lineage, .. var envelopes]
            ? new LogPage(Encoding.UTF8.GetString(current), last, [.. envelopes.OfType<byte[]>()], common)
            {
                Lineage = new Lineage(Lineage.Parse(Encoding.UTF8.GetString(lineage)), (int)crossed, _commands.Broken)
                {
                    Epochs = (epoch, Encoding.UTF8.GetString(current)),
                },
            }
            : throw new BackplaneUnavailableException("The read script answered with something else than a log.");
    }

    /// <summary>Forgets what is no longer needed. Called once a tick.</summary>
    public void Sweep() => _rates.Sweep();

    /// <summary>Tells all nodes how far the logs go of topics that have become quiet. Called once a tick.</summary>
    public void TellHeads() => _metrics.HeadsTold(_heads.Tell((lines, notTold) => _commands.TrySendUnrouted(
        new CommandBuffer().Command(3).Bulk("PUBLISH"u8).Bulk(_headsChannel).Bulk(lines.Span).Span, new FailedReply(notTold))));

    public void ConfirmRemoval(string node, ReadOnlySpan<byte> id) =>
        _commands.TrySendUnrouted(new CommandBuffer().Command(3).Bulk("PUBLISH"u8).Bulk(_keys.ConfirmationChannel(node)).Bulk(id, " "u8, _node).Span);

    public void AnnounceJoin(GroupJoin join) =>
        _commands.TrySendUnrouted(new CommandBuffer().Command(3).Bulk("PUBLISH"u8).Bulk(_keys.JoinsChannel).Bulk(join.ToUtf8()).Span);

    public async Task<long> CountSubscribersAsync(Topic topic)
    {
        // A server counts only the nodes that listen at it. To a sharded channel, all listen at the topic's own server.
        var answers = _keys.AreSharded ? [await _commands.CallAsync(NewCall(), topic.Utf8Name.Span)] : await _commands.CallAllAsync(NewCall);
        return answers.Sum(static answer => answer is object?[] counts && counts is [_, long count] ? count : 0);

        RedisCall NewCall()
        {
            var call = new RedisCall();
            call.Buffer.Command(3).Bulk("PUBSUB"u8).Bulk(_keys.AreSharded ? "SHARDNUMSUB"u8 : "NUMSUB"u8);
            _keys.Channel(call.Buffer, topic.Utf8Name.Span);
            return call;
        }
    }

    // A removal goes over a channel of its own: also to nodes without members, but not to seed nodes, which would take it for a message.
    private void Channel(CommandBuffer command, in Publication publication)
    {
        if (publication.IsRemoval)
        {
            command.Bulk(_removalChannel);
        }
        else
        {
            _keys.Channel(command, publication.Topic);
        }
    }

    private void WriteScript(CommandBuffer command, in Publication publication, ReadOnlySpan<byte> envelope, LogOptions log, long now, TopicMark? mark)
    {
        var hasId = !publication.MsgId.IsEmpty;
        var (more, told) = (hasId ? 1 : 0, mark is null ? 0 : 1);
        _commands.PublishScript(publication, isTold: mark is not null)
            .Begin(command, keys: 2 + more + (2 * told), arguments: 4 + more + told + (publication.IsDeletion ? 4 : 0));
        _keys.Log(command, publication.Topic);
        _keys.Meta(command, publication.Topic);
        if (mark is not null)
        {
            _events!.WriteKeys(command, publication.Topic);
        }

        if (hasId)
        {
            _keys.Ids(command, publication.Topic);
        }

        Channel(command, publication);
        command.Bulk(envelope).Bulk(now * 4 / (long)log.Age.TotalMilliseconds).Life();
        if (mark is not null)
        {
            _events!.WriteChannel(command, mark.Partition);
        }

        if (hasId)
        {
            command.Bulk(publication.From, "/"u8, publication.MsgId); // '/' is in no message id, so ids of two users never collide
        }

        if (publication.IsDeletion)
        {
            var colon = publication.Msg.IndexOf((byte)':');
            command.Bulk(_headsChannel).Bulk(publication.Topic).Bulk(publication.Msg[..colon]).Bulk(publication.Msg[(colon + 1)..]);
        }
    }

    private sealed class OperationPool(TopicHeads heads, BackplaneMetrics metrics, EventMarks? events) : ObjectPool<PublishOperation>
    {
        private const int Kept = 256;

        private readonly System.Collections.Concurrent.ConcurrentQueue<PublishOperation> _free = new();

        public override PublishOperation Get() => _free.TryDequeue(out var operation) ? operation : new PublishOperation(this, heads, metrics, events);

        public override void Return(PublishOperation obj)
        {
            if (_free.Count < Kept)
            {
                _free.Enqueue(obj);
            }
        }
    }
}
