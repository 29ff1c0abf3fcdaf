using System.Diagnostics;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

// Delivering to members.
internal sealed partial class LocalTopic
{
    /// <summary>Where envelopes wait to be delivered.</summary>
    public TopicLane Lane { get; } = new();

    /// <summary>How many members there are, without the lock: for estimating what a delivery costs.</summary>
    public int MembersAtAGlance => _members.Count;

    /// <summary>Step 5 of a message's path: encodes the message once per format, and gives the same frame to every member except the sender.</summary>
    private void Deliver_NeedsLock(scoped in Envelope envelope)
    {
        using var activity = envelope.Trace.IsEmpty ? null : StartActivity(envelope);
        var sender = NumberOfSenderHere(envelope.Via);
        FrameCache frames = default;
        var delivered = 0;
        for (var i = 0; i < _members.Count; i++)
        {
            var member = _members[i];
            if (member.Connection.Number == sender || (envelope.Offset <= member.Known && envelope.Offset != 0))
            {
                continue;
            }

            var format = member.Connection.Format;
            var frame = frames[format.Index] ??= format.Message(_topic, envelope);
            if (frame is not null)
            {
                delivered++;
                Enqueue_NeedsLock(member, frame);
            }
        }

        _metrics.Delivered(delivered, envelope.At);
        if (envelope.IsRemoval)
        {
            Remove_NeedsLock(envelope);
        }
    }

    // A message whose delivery fails halfway, through a fault of ours, is not delivered again: some members have it already.
    void ILogFollower.Next(scoped in Envelope envelope)
    {
        try
        {
            Deliver_NeedsLock(envelope);
        }
        catch
        {
            Hole_NeedsLock();
            throw;
        }
    }

    void ILogFollower.Passed(scoped in Envelope envelope)
    {
        if (envelope.IsRemoval)
        {
            _memberships?.OnRemoved(envelope.Id); // the removal took effect through the log, or before this node had members
        }
    }

    void ILogFollower.Rewound(long offset) => _members.ForEach(member => member.Known = Math.Min(member.Known, offset));

    void ILogFollower.Hole() => Hole_NeedsLock();

    private static void Enqueue_NeedsLock(Member member, Frame frame)
    {
        if (member.Held is not { } held)
        {
            member.Connection.Enqueue(frame);
        }
        else if (held.Count < LogCursor.MaxWaiting)
        {
            held.Add(frame);
        }
        else
        {
            member.Connection.Close(CloseReason.SlowConsumer); // its replay takes longer than the topic's traffic allows
        }
    }

    private void Hole_NeedsLock()
    {
        _metrics.Hole();
        Doubt_NeedsLock();
        foreach (var member in _members)
        {
            member.Known = Math.Min(member.Known, _cursor.Last); // it is told that it stands here, so it gets everything after this, even what it had before
            Tell_NeedsLock(member, recovered: false);
        }
    }

    private void Tell_NeedsLock(Member member, bool recovered)
    {
        if (member.Connection.Format.Subscribed(_topic, _cursor.Epoch, _cursor.Last, recovered) is { } frame)
        {
            Enqueue_NeedsLock(member, frame);
        }
    }

    // Via is {node}-{number}.
    private long NumberOfSenderHere(ReadOnlySpan<byte> via) =>
        via.Length > _node.Length + 1 && via.StartsWith(_node) && via[_node.Length] == '-'
            && System.Buffers.Text.Utf8Parser.TryParse(via[(_node.Length + 1)..], out long number, out _)
            ? number
            : 0;

    private Activity? StartActivity(scoped in Envelope envelope)
    {
        if (!BackplaneMetrics.Traces.HasListeners()
            || !ActivityContext.TryParse(Encoding.ASCII.GetString(envelope.Trace), null, isRemote: true, out var parent))
        {
            return null;
        }

        var activity = BackplaneMetrics.Traces.StartActivity("chat.deliver", ActivityKind.Consumer, parent);
        activity?.SetTag("chat.topic.kind", _topic.Kind.ToString()).SetTag("chat.members", _members.Count).SetTag("chat.message.bytes", envelope.Msg.Length);
        return activity;
    }

    [System.Runtime.CompilerServices.InlineArray(IFrameFormat.Count)]
    private struct FrameCache
    {
        private Frame? _first;
    }
}
