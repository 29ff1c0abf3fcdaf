using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Backplane;

/// <summary>One node's backplane over a <see cref="MemoryRedis"/>. A test can delay its answers and withhold its outcomes.</summary>
internal sealed class MemoryBackplane : IBackplane
{
    private readonly BackplaneOptions _options;
    private readonly string _node;
    private int _messages;

    public MemoryBackplane(MemoryRedis? redis = null, string node = "node", BackplaneOptions? options = null)
    {
        Redis = redis ?? new MemoryRedis();
        _node = node;
        _options = options ?? new BackplaneOptions();
        Redis.Add(this);
    }

    public MemoryRedis Redis { get; }

    public IBackplaneListener? Listener { get; set; }

    /// <summary>The subscriptions and their ends, in order: <c>+group:1</c>, <c>-group:1</c>.</summary>
    public ConcurrentQueue<string> Subscriptions { get; } = new();

    /// <summary>Awaited before a read is answered. If it fails, the read fails.</summary>
    public Func<Task> BeforeRead { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before a subscription is confirmed. If it fails, the subscription fails.</summary>
    public Func<Task> BeforeSubscribed { get; set; } = () => Task.CompletedTask;

    /// <summary>If set, nothing is published and publishers wait here for their outcomes. Null: messages are published, and outcomes told at once.</summary>
    public ConcurrentQueue<IPublishOutcome>? Withheld { get; init; }

    public static Task Unavailable => Task.FromException(new BackplaneUnavailableException("Away."));

    /// <summary>The topics whose logs are at a server that is away.</summary>
    public HashSet<Topic> Away { get; } = [];

    public bool IsReady(out string reason)
    {
        reason = "";
        return Away.Count == 0;
    }

    public bool IsReadable(Topic topic, out string reason)
    {
        reason = "";
        return !Away.Contains(topic);
    }

    public void Publish(in Publication publication, IPublishOutcome outcome)
    {
        if (Withheld is not null)
        {
            Withheld.Enqueue(outcome);
            return;
        }

        var isClients = !publication.MsgId.IsEmpty;
        var id = isClients ? publication.MsgId : Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_node}:{Interlocked.Increment(ref _messages)}"));
        var topic = Encoding.UTF8.GetString(publication.Topic);
        var tail = Tail(publication, id, _node);
        var log = _options.LogOf(publication.Kind);
        if (publication.IsDeletion)
        {
            var notice = log.Messages == 0 ? ("", 0) : Redis.Delete(topic, Encoding.ASCII.GetString(publication.Msg), tail);
            outcome.Published(id, Encoding.ASCII.GetBytes(notice.Epoch), notice.Offset, isClients);
            return;
        }

        if (log.Messages == 0 || !publication.Signal.IsEmpty)
        {
            Redis.Send(topic, [(byte)'{', .. tail]);
            outcome.Published(id, default, 0, isClients);
            return;
        }

        var resent = isClients ? $"{Encoding.UTF8.GetString(publication.From)}/{Encoding.UTF8.GetString(id)}" : null;
        var kept = log.Window == TimeSpan.Zero ? log.Messages : log.MostMessages; // time stands still, so if there is a window, all messages are inside it
        var (epoch, offset, _) = Redis.Append(topic, resent, tail, publication.IsRemoval, kept: kept);
        outcome.Published(id, Encoding.ASCII.GetBytes(epoch), offset, isClients);
    }

    public async Task SubscribeAsync(Topic topic)
    {
        Subscriptions.Enqueue("+" + topic);
        await BeforeSubscribed();
        Redis.Subscribe(this, topic);
    }

    public void Unsubscribe(Topic topic)
    {
        Subscriptions.Enqueue("-" + topic);
        Redis.Unsubscribe(this, topic);
    }

    public async Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default)
    {
        await BeforeRead();
        return _options.LogOf(topic.Kind).Messages == 0
            ? new LogPage("", 0, [])
            : await LogPage.WithoutDoubtsAsync(ends => Task.FromResult(Redis.Read(topic, epoch, since, limit, ends, bounds.Bytes)));
    }

    public Task<LogPage> ReadLatestAsync(Topic topic, int most) => ReadAsync(topic, "", -most, most);

    public async Task<LogPage> EndEpochAsync(Topic topic, string epoch)
    {
        await BeforeRead();
        return Redis.EndEpoch(topic, epoch);
    }

    public void ConfirmRemoval(string node, ReadOnlySpan<byte> id)
    {
        var text = Encoding.UTF8.GetString(id);
        Redis.Tell(other =>
        {
            if (other._node == node)
            {
                other.Listener?.OnRemovalConfirmed(text, _node);
            }
        });
    }

    public void AnnounceJoin(GroupJoin join) => Redis.Tell(node => node.Listener?.OnJoined(join));

    public Task<long> CountSubscribersAsync(Topic topic) => Task.FromResult(Redis.Count(topic));

    /// <summary>Publishes a message from some user. Returns the envelope.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="msg">The text. The message's id is the part after <c>m-</c>.</param>
    /// <param name="lost">Whether the channel loses it.</param>
    /// <param name="via">The connection it came by.</param>
    /// <param name="endsRound">Whether it is the last of a round.</param>
    public byte[] Say(Topic topic, string msg, bool lost = false, long via = 0, bool endsRound = true) =>
        Redis.Append(topic.Name, null, Tail(Said(topic, msg, via), Encoding.UTF8.GetBytes("m-" + msg), _node), isLost: lost, endsRound: endsRound).Envelope;

    /// <summary>Publishes the removal of a user.</summary>
    public void Remove(Topic topic, string userId, long generation) => Redis.Append(
        topic.Name, null, Tail(Removal(topic, userId, generation), "node:left:1"u8, _node), isRemoval: true);

    /// <summary>Deletes a message. Its id is that of <see cref="Say"/>.</summary>
    public void Delete(Topic topic, string epoch, long offset)
    {
        var position = string.Create(CultureInfo.InvariantCulture, $"{epoch}:{offset}");
        var deletion = new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = "mod"u8, Msg = Encoding.ASCII.GetBytes(position), IsDeletion = true };
        Redis.Delete(topic.Name, position, Tail(deletion, "node:deleted:1"u8, _node));
    }

    /// <summary>An envelope as it would arrive over the channel. With offset 0 it is in no log.</summary>
    public static byte[] Envelope(Topic topic, string epoch, long offset, string msg, long via = 0) =>
    [
        .. Encoding.UTF8.GetBytes(offset == 0 ? "{" : string.Create(CultureInfo.InvariantCulture, $"{{\"Offset\":{offset},\"Epoch\":\"{epoch}\",")),
        .. Tail(Said(topic, msg, via), Encoding.UTF8.GetBytes("m-" + msg), "node"),
    ];

    /// <summary>Receives a message of a channel for this node.</summary>
    public void Hear(string topic, byte[] envelope, bool isRemoval, bool endsRound)
    {
        if (isRemoval)
        {
            Listener?.OnRemoval(envelope);
        }
        else
        {
            Listener?.OnEnvelope(Encoding.UTF8.GetBytes(topic), envelope);
        }

        if (endsRound)
        {
            Listener?.OnRoundEnd();
        }
    }

    /// <summary>Hears how far a topic's log goes.</summary>
    public void HearHead(string topic, string epoch, long offset)
    {
        Listener?.OnHead(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(epoch), offset);
        Listener?.OnRoundEnd();
    }

    private static Publication Said(Topic topic, string msg, long via) => new()
    {
        Kind = topic.Kind,
        Topic = topic.Utf8Name.Span,
        From = "1"u8,
        Msg = Encoding.UTF8.GetBytes(msg),
        Via = via,
    };

    private static Publication Removal(Topic topic, string userId, long generation) => new()
    {
        Kind = topic.Kind,
        Topic = topic.Utf8Name.Span,
        From = Encoding.UTF8.GetBytes(userId),
        Msg = Encoding.UTF8.GetBytes(generation.ToString(CultureInfo.InvariantCulture)),
        IsRemoval = true,
    };

    private static byte[] Tail(in Publication publication, ReadOnlySpan<byte> id, string node)
    {
        var output = new ArrayBufferWriter<byte>();
        EnvelopeWriter.WriteTail(output, publication, id, Encoding.UTF8.GetBytes(node), 1, null);
        return output.WrittenSpan.ToArray();
    }
}
