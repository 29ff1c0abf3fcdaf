using System.Diagnostics;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

// What members are sent.
internal sealed partial class LocalTopic
{
    /// <summary>Where envelopes wait to be delivered.</summary>
    public TopicLane Lane { get; } = new();

    /// <summary>How many members there are, without the lock: for estimating what a delivery costs.</summary>
    public int MembersAtAGlance => _members.Count;

    /// <summary>Step 5 of a message's path: encoded once per format, the same frame goes to every member but the one it came from.</summary>
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
            var frame = frames[format.Index] ??= format.Message(topic, envelope);
            if (frame is not null)
            {
                delivered++;
                Enqueue_NeedsLock(member, frame);
            }
        }

        metrics.Delivered(delivered, envelope.At);
        if (envelope.IsRemoval)
        {
            Remove_NeedsLock(envelope);
        }
    }

    // One that fails in the midst of it, by a fault of ours, is not delivered again: some have it already.
    private void DeliverLogged_NeedsLock(scoped in Envelope envelope)
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

    private static void Enqueue_NeedsLock(Member member, Frame frame)
    {
        if (member.Held is not { } held)
        {
            member.Connection.Enqueue(frame);
        }
        else if (held.Count < MaxWaiting)
        {
            held.Add(frame);
        }
        else
        {
            member.Connection.Close(CloseReason.SlowConsumer); // it takes longer over its replay than the topic leaves time for
        }
    }

    private void Hole_NeedsLock()
    {
        metrics.Hole();
        Doubt_NeedsLock();
        foreach (var member in _members)
        {
            Tell_NeedsLock(member, recovered: false);
        }
    }

    private void Tell_NeedsLock(Member member, bool recovered)
    {
        if (member.Connection.Format.Subscribed(topic, _epoch, _last, recovered) is { } frame)
        {
            Enqueue_NeedsLock(member, frame);
        }
    }

    // Via is {node}-{number}.
    private long NumberOfSenderHere(ReadOnlySpan<byte> via) =>
        via.Length > node.Length + 1 && via.StartsWith(node) && via[node.Length] == '-'
            && System.Buffers.Text.Utf8Parser.TryParse(via[(node.Length + 1)..], out long number, out _)
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
        activity?.SetTag("chat.topic.kind", topic.Kind.ToString()).SetTag("chat.members", _members.Count).SetTag("chat.message.bytes", envelope.Msg.Length);
        return activity;
    }

    [System.Runtime.CompilerServices.InlineArray(IFrameFormat.Count)]
    private struct FrameCache
    {
        private Frame? _first;
    }
}
