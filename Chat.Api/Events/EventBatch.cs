using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Events;

/// <summary>Events of one topic, as they are sent: <c>{"events":[{"id":…,"type":…,"at":…,"topic":…,…},…]}</c>.</summary>
/// <remarks>In a queue, a message is stored as its envelope, and any other event as a line: a word, the microsecond, and the user or group it is
/// about. An event's id is made from its topic and its entry in the queue, which always contains a position or a time. So the id is the same in every
/// attempt of every node.</remarks>
internal sealed class EventBatch
{
    private EventBatch(string id, int count, byte[] body) => (Id, Count, Body) = (id, count, body);

    /// <summary>The id of the batch. It is the same whenever the same events are sent together.</summary>
    public string Id { get; }

    /// <summary>How many of the given events could be read. Anyone with access to Redis can put in anything.</summary>
    public int Count { get; }

    public byte[] Body { get; }

    public static EventBatch Of(Topic topic, IReadOnlyList<byte[]> events)
    {
        var output = new ArrayBufferWriter<byte>(events.Sum(static one => one.Length + 100));
        var count = 0;
        output.Write("{\"events\":["u8);
        foreach (var queued in events)
        {
            var comma = count > 0;
            if (TryWrite(output, topic, queued, comma))
            {
                count++;
            }
        }

        output.Write("]}"u8);
        return new EventBatch($"{IdOf(topic, events[0])}-{events.Count}", count, output.WrittenSpan.ToArray());
    }

    /// <summary>When an event happened, in Unix milliseconds; 0 if that cannot be read.</summary>
    public static long TimeOf(byte[] queued) =>
        queued is [(byte)'{', ..] ? Envelope.TryParse(queued, out var envelope) ? envelope.At : 0
        : TryParse(queued, out _, out var at, out _) ? at : 0;

    public static string IdOf(Topic topic, byte[] queued)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(topic.Utf8Name.Span);
        hash.AppendData([0]);
        hash.AppendData(queued);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
    }

    private static bool TryWrite(ArrayBufferWriter<byte> output, Topic topic, byte[] queued, bool comma)
    {
        if (queued is [(byte)'{', ..])
        {
            if (!Envelope.TryParse(queued, out var envelope))
            {
                return false;
            }

            DeletedMessage deleted = default;
            if (envelope.IsDeletion && !DeletedMessage.TryParse(envelope, out deleted))
            {
                return false;
            }

            Begin(output, topic, queued, envelope.IsDeletion ? "message.deleted"u8 : "message.published"u8, envelope.At, comma);
            Property(output, "from"u8, envelope.From);
            if (!envelope.IsDeletion)
            {
                Property(output, "msg"u8, envelope.Msg);
                Property(output, "msgId"u8, envelope.Id);
            }

            Position(output, envelope.Epoch, envelope.Offset);
            if (envelope.IsDeletion)
            {
                output.Write(",\"deleted\":{\"msgId\":\""u8);
                output.Write(deleted.Id);
                output.Write("\""u8);
                Position(output, deleted.Epoch, deleted.Offset);
                output.Write("}"u8);
            }

            output.Write("}"u8);
            return true;
        }

        if (!TryParse(queued, out var word, out var at, out var subject))
        {
            return false;
        }

        var isUser = topic.Kind == TopicKind.User;
        var type = word switch
        {
            "came" => isUser ? "user.online"u8 : "presence.joined"u8,
            "went" => isUser ? "user.offline"u8 : "presence.left"u8,
            "joined" => "group.joined"u8,
            "left" => "group.left"u8,
            _ => default,
        };
        if (type.IsEmpty)
        {
            return false;
        }

        Begin(output, topic, queued, type, at, comma);
        var isMembership = word is "joined" or "left";
        Property(output, "user"u8, isMembership ? topic.JsonId.Span : JsonText.Escape(Encoding.UTF8.GetString(subject)));
        if (isMembership)
        {
            Property(output, "group"u8, JsonText.Escape(KeyText.Decode(subject.ToArray())));
        }

        output.Write("}"u8);
        return true;
    }

    // came 1795310968966123 anna
    private static bool TryParse(ReadOnlySpan<byte> line, out string word, out long at, out ReadOnlySpan<byte> subject)
    {
        (word, at) = ("", 0);
        subject = default;
        var first = line.IndexOf((byte)' ');
        if (first <= 0 || !Utf8Parser.TryParse(line[(first + 1)..], out long micros, out var digits) || line.Length < first + digits + 3)
        {
            return false;
        }

        (word, at) = (Encoding.ASCII.GetString(line[..first]), micros / 1000);
        subject = line[(first + digits + 2)..];
        return true;
    }

    private static void Begin(ArrayBufferWriter<byte> output, Topic topic, byte[] queued, ReadOnlySpan<byte> type, long at, bool comma)
    {
        output.Write(comma ? ",{\"id\":\""u8 : "{\"id\":\""u8);
        output.Write(Encoding.ASCII.GetBytes(IdOf(topic, queued)));
        output.Write("\""u8);
        Property(output, "type"u8, type);
        output.Write(",\"at\":"u8);
        Number(output, at);
        Property(output, "topic"u8, topic.JsonName.Span);
    }

    private static void Property(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        output.Write(",\""u8);
        output.Write(name);
        output.Write("\":\""u8);
        output.Write(json);
        output.Write("\""u8);
    }

    private static void Position(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> epoch, long offset)
    {
        Property(output, "epoch"u8, epoch);
        output.Write(",\"offset\":"u8);
        Number(output, offset);
    }

    private static void Number(ArrayBufferWriter<byte> output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var digits);
        output.Advance(digits);
    }
}
