using System.Buffers;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.WebSockets;
using MessagePack;

namespace Chat.Api.Hubs;

/// <summary>Encodes what topics deliver in SignalR's MessagePack protocol: invocations, each preceded by its length.</summary>
/// <remarks>Names and values are those of <see cref="HubJsonFormat"/>, which is the contract:
/// <c>[1, {}, nil, "message", [{"message": "hi", "group": "42", …}], []]</c>.</remarks>
internal sealed class HubMessagePackFormat : HubFormat
{
    private const int Invocation = 1;
    private const int CloseMessage = 7;
    private const int KeptScratch = 128 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch; // a message's length precedes it, but is known only afterwards

    public HubMessagePackFormat(int index, bool isFramed)
        : base(index, isFramed)
    {
    }

    protected override WebSocketOpcode Opcode => WebSocketOpcode.Binary;

    public override Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        if (envelope.Kind.SequenceEqual("joined"u8))
        {
            var joined = Begin("joined"u8, fields: 2);
            Write(ref joined, "group"u8, topic.Id);
            Write(ref joined, "nick"u8, JsonText.ToText(envelope.From));
            return End(ref joined);
        }

        if (!envelope.Kind.IsEmpty)
        {
            return envelope.IsDeletion ? Deleted(topic, envelope) : null; // signals tell of removals
        }

        var isDirect = topic.Kind == TopicKind.User;
        var fields = 3 + (envelope.Id.IsEmpty ? 0 : 1) + (envelope.Offset > 0 ? 2 : 0) + (envelope.At > 0 ? 1 : 0);
        var writer = Begin(isDirect ? "direct"u8 : "message"u8, fields);
        Write(ref writer, "message"u8, JsonText.ToText(envelope.Msg));
        Write(ref writer, isDirect ? "to"u8 : "group"u8, topic.Id);
        Write(ref writer, "nick"u8, JsonText.ToText(envelope.From));
        if (!envelope.Id.IsEmpty)
        {
            Write(ref writer, "id"u8, JsonText.ToText(envelope.Id));
        }

        if (envelope.Offset > 0)
        {
            Write(ref writer, "epoch"u8, JsonText.ToText(envelope.Epoch));
            Write(ref writer, "offset"u8, envelope.Offset);
        }

        if (envelope.At > 0)
        {
            Write(ref writer, "at"u8, envelope.At);
        }

        return End(ref writer);
    }

    private Frame? Deleted(Topic topic, scoped in Envelope envelope)
    {
        if (!DeletedMessage.TryParse(envelope, out var message))
        {
            return null;
        }

        var writer = Begin("deleted"u8, fields: 6);
        Write(ref writer, topic.Kind == TopicKind.User ? "to"u8 : "group"u8, topic.Id);
        Write(ref writer, "nick"u8, JsonText.ToText(envelope.From));
        Write(ref writer, "epoch"u8, JsonText.ToText(envelope.Epoch));
        Write(ref writer, "offset"u8, envelope.Offset);
        Write(ref writer, "at"u8, envelope.At);
        writer.WriteString("deleted"u8);
        writer.WriteMapHeader(3);
        Write(ref writer, "id"u8, JsonText.ToText(message.Id));
        Write(ref writer, "epoch"u8, JsonText.ToText(message.Epoch));
        Write(ref writer, "offset"u8, message.Offset);
        return End(ref writer);
    }

    public override Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered)
    {
        var writer = Begin("subscribed"u8, fields: 4);
        Write(ref writer, topic.Kind == TopicKind.User ? "to"u8 : "group"u8, topic.Id);
        Write(ref writer, "epoch"u8, epoch);
        writer.WriteString("offset"u8);
        writer.Write(offset);
        writer.WriteString("recovered"u8);
        writer.Write(recovered);
        return End(ref writer);
    }

    public override Frame? Forbidden(Topic topic, DateTimeOffset? until)
    {
        var writer = Begin("forbidden"u8, fields: until is null ? 1 : 2);
        Write(ref writer, topic.Kind == TopicKind.User ? "to"u8 : "group"u8, topic.Id);
        if (until is { } end)
        {
            writer.WriteString("until"u8);
            writer.Write(end.ToUnixTimeMilliseconds());
        }

        return End(ref writer);
    }

    public override Frame Mirror(string group)
    {
        var writer = Begin("mirror"u8, fields: 2);
        Write(ref writer, "method"u8, "unsubscribe");
        writer.WriteString("payload"u8);
        writer.WriteMapHeader(1);
        Write(ref writer, "group"u8, group);
        return End(ref writer);
    }

    public override Frame? Presence(Topic topic, PresenceNews news)
    {
        var writer = Begin("presence"u8, fields: news.Members is not null ? 4 : news.IsCountOnly ? 3 : 5);
        Write(ref writer, "group"u8, topic.Id);
        writer.WriteString("version"u8);
        writer.Write(news.Version);
        writer.WriteString("count"u8);
        writer.Write(news.Count);
        if (news.Members is { } members)
        {
            writer.WriteString("members"u8);
            writer.WriteArrayHeader(members.Count);
            foreach (var (id, connections) in members)
            {
                writer.WriteMapHeader(2);
                Write(ref writer, "nick"u8, id);
                writer.WriteString("connections"u8);
                writer.Write(connections);
            }
        }
        else if (!news.IsCountOnly)
        {
            Write(ref writer, "joined"u8, news.Joined);
            Write(ref writer, "left"u8, news.Left);
        }

        return End(ref writer);
    }

    public override Frame Close(CloseReason reason)
    {
        var writer = new MessagePackWriter(Scratch());
        writer.WriteArrayHeader(3);
        writer.Write(CloseMessage);
        writer.Write(reason.Text);
        writer.Write(!reason.IsFinal); // whether reconnecting is welcome
        writer.Flush();
        return Prefixed();
    }

    public override HubRecords NewRecords() => HubRecords.Prefixed();

    private static ArrayBufferWriter<byte> Scratch()
    {
        if (scratch is null || scratch.Capacity > KeptScratch)
        {
            scratch = new ArrayBufferWriter<byte>(1024);
        }

        scratch.ResetWrittenCount();
        return scratch;
    }

    private static MessagePackWriter Begin(ReadOnlySpan<byte> target, int fields)
    {
        var writer = new MessagePackWriter(Scratch());
        writer.WriteArrayHeader(6);
        writer.Write(Invocation);
        writer.WriteMapHeader(0); // headers
        writer.WriteNil(); // no answer is expected
        writer.WriteString(target);
        writer.WriteArrayHeader(1);
        writer.WriteMapHeader(fields);
        return writer;
    }

    private static void Write(ref MessagePackWriter writer, ReadOnlySpan<byte> name, string value)
    {
        writer.WriteString(name);
        writer.Write(value);
    }

    private static void Write(ref MessagePackWriter writer, ReadOnlySpan<byte> name, long value)
    {
        writer.WriteString(name);
        writer.Write(value);
    }

    private static void Write(ref MessagePackWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        writer.WriteString(name);
        writer.WriteArrayHeader(values.Count);
        foreach (var value in values)
        {
            writer.Write(value);
        }
    }

    private Frame End(ref MessagePackWriter writer)
    {
        writer.WriteArrayHeader(0); // streams
        writer.Flush();
        return Prefixed();
    }

    // The length takes seven bits per byte, the lowest first. A byte's highest bit says that more follow.
    private Frame Prefixed()
    {
        var message = scratch!.WrittenSpan;
        var frame = FrameWriter.Begin();
        var length = message.Length;
        do
        {
            var more = length >> 7;
            frame.Write([(byte)((length & 0x7f) | (more > 0 ? 0x80 : 0))]);
            length = more;
        }
        while (length > 0);
        frame.Write(message);
        return Finish(frame);
    }
}
