using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;
using Microsoft.Extensions.ObjectPool;

namespace Chat.Api.Redis;

/// <summary>One publish in flight; pooled, so that publishing allocates nothing.</summary>
internal sealed class PublishOperation(ObjectPool<PublishOperation> pool, TopicHeads heads, BackplaneMetrics metrics, EventMarks? events) : RedisCommand
{
    private const int KeptScratch = 64 * 1024;

    private byte[] _id = new byte[64];
    private int _idLength;
    private bool _idFromClient;
    private byte[] _topic = new byte[64];
    private int _topicLength;
    private byte[] _from = new byte[64];
    private int _fromLength;
    private byte[] _epoch = []; // from here to _offset: only for a publish that has been carried out and waits for its topic's mark
    private int _epochLength;
    private byte[] _stands = [];
    private int _standsLength;
    private long _offset;
    private bool _isRemoval;
    private bool _hasComeAgain; // it was there already
    private TopicRate? _rate;
    private TopicMark? _mark; // null: it is told to no backend
    private IPublishOutcome? _outcome;
    private long _startedAt;
    private Activity? _activity;

    /// <summary>Holds the envelope while it is written: the command must have its length before its bytes.</summary>
    public ArrayBufferWriter<byte> Scratch { get; private set; } = new(512);

    /// <summary>The trace context that the envelope carries, so that a delivery on another node belongs to the same trace; null if it is not sampled.</summary>
    public string? Trace => _activity is { Recorded: true } ? _activity.Id : null;

    public ReadOnlySpan<byte> Id => _id.AsSpan(0, _idLength);

    /// <summary>A removal is not a user's message.</summary>
    public override bool IsPatient => !_isRemoval;

    public override string Party => Encoding.UTF8.GetString(_from.AsSpan(0, _fromLength));

    /// <summary>Prepares it for another publish.</summary>
    /// <param name="publication">What is published.</param>
    /// <param name="rate">The rate of its topic.</param>
    /// <param name="node">This node's id. With <paramref name="number"/>, it forms the message id if the client gave none.</param>
    /// <param name="number">Unique on this node.</param>
    /// <param name="outcome">Is told the outcome.</param>
    public void Begin(in Publication publication, TopicRate rate, ReadOnlySpan<byte> node, long number, IPublishOutcome outcome)
    {
        _outcome = outcome;
        _startedAt = Stopwatch.GetTimestamp();
        _activity = BackplaneMetrics.Traces.HasListeners() ? StartActivity(publication) : null;
        _topicLength = Keep(publication.Topic, ref _topic);
        _fromLength = Keep(publication.From, ref _from);
        _isRemoval = publication.IsRemoval;
        _rate = rate;
        _idFromClient = !publication.MsgId.IsEmpty;
        if (_idFromClient)
        {
            _idLength = Keep(publication.MsgId, ref _id);
            return;
        }

        node.CopyTo(_id);
        _id[node.Length] = (byte)'.';
        Utf8Formatter.TryFormat(number, _id.AsSpan(node.Length + 1), out var digits);
        _idLength = node.Length + 1 + digits;
    }

    /// <summary>Called if the message is to be told to a backend.</summary>
    public void MarkBy(TopicMark mark) => _mark = mark;

    /// <summary>Fails it unsent, because its topic is at its limit.</summary>
    public void TopicBusy()
    {
        metrics.PublishFailed();
        _outcome!.TopicBusy(Id, _idFromClient);
        Return();
    }

    /// <summary>Step 3 of a message's path: only what Redis has confirmed counts as published.</summary>
    protected override void OnReply(ref RespReader reply)
    {
        metrics.Published(Stopwatch.GetElapsedTime(_startedAt));
        if (reply.Kind == ':')
        {
            _outcome!.Published(Id, default, 0, _idFromClient); // a plain PUBLISH answers with the number of receivers, and a deletion with 0 if there is no such message
        }
        else
        {
            var position = reply.ReadBulk(); // "epoch offset", or "epoch offset repetition epoch"
            var space = position.IndexOf((byte)' ');
            if (space < 0 || !Utf8Parser.TryParse(position[(space + 1)..], out long offset, out var digits))
            {
                throw new RespException("The publish script answered with something else than a position.");
            }

            // A message that was there already may be in an epoch that has ended.
            var epoch = position[..space];
            var stands = epoch;
            var repetition = 0L;
            var behind = position[(space + 1 + digits)..];
            if (behind.Length > 1 && Utf8Parser.TryParse(behind[1..], out repetition, out digits))
            {
                stands = behind[(1 + digits + 1)..];
            }

            _hasComeAgain = repetition > 0;
            Link!.LastAck.Note(Link.Life, _topic.AsSpan(0, _topicLength), epoch, offset, repetition); // before anybody is told

            if (_mark is { Stands: false } mark)
            {
                (_epochLength, _standsLength, _offset) = (Keep(epoch, ref _epoch), Keep(stands, ref _stands), offset);
                events!.Send(mark, this); // and then Marked or NotMarked
                return;
            }

            Acknowledge(epoch, offset, stands);
        }

        Return();
    }

    /// <summary>The topic is marked now. That was not certain when the publish was carried out.</summary>
    public void Marked()
    {
        Acknowledge(_epoch.AsSpan(0, _epochLength), _offset, _stands.AsSpan(0, _standsLength));
        Return();
    }

    /// <summary>The publish has been carried out, but nobody may find out that there is something to tell. So the client has to publish
    /// again.</summary>
    public void NotMarked(string reason) => OnFailed(reason);

    protected override void OnFailed(string reason)
    {
        metrics.PublishFailed();
        _activity?.SetStatus(ActivityStatusCode.Error, reason);
        _outcome!.NotPublished(Id, _idFromClient);
        Return();
    }

    private void Acknowledge(ReadOnlySpan<byte> epoch, long offset, ReadOnlySpan<byte> stands)
    {
        if (!_hasComeAgain)
        {
            _rate!.Acknowledged(epoch, offset); // an old position says nothing of what others have written
        }

        heads.Acknowledged(_topic.AsSpan(0, _topicLength), epoch, offset);
        _outcome!.Published(Id, stands, offset, _idFromClient); // last: code that waits for it may continue right here
    }

    private static int Keep(ReadOnlySpan<byte> bytes, ref byte[] kept)
    {
        if (kept.Length < bytes.Length)
        {
            kept = new byte[bytes.Length];
        }

        bytes.CopyTo(kept);
        return bytes.Length;
    }

    // A trace of its own: the ambient one is the connection's request, which may last for days.
    private static Activity? StartActivity(in Publication publication)
    {
        var ambient = Activity.Current;
        Activity.Current = null;
        var activity = BackplaneMetrics.Traces.StartActivity(
            "chat.publish", ActivityKind.Producer, default(ActivityContext), links: ambient is null ? null : [new ActivityLink(ambient.Context)]);
        Activity.Current = ambient;
        activity?.SetTag("chat.topic.kind", publication.Kind.ToString()).SetTag("chat.message.bytes", publication.Msg.Length);
        return activity;
    }

    private void Return()
    {
        _outcome = null;
        _mark = null;
        _activity?.Dispose();
        _activity = null;
        Buffer.Clear();
        Scratch.ResetWrittenCount();
        if (Scratch.Capacity > KeptScratch)
        {
            Scratch = new(512); // one large message must not stay forever in the pool
        }

        pool.Return(this);
    }
}
