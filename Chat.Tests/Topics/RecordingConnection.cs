using System.Buffers.Binary;
using System.Text.Json;
using Chat.Api.Connections;
using Chat.Api.RawEndpoints;
using Chat.Tests.Support;

namespace Chat.Tests.Topics;

/// <summary>A member's connection that keeps what it is sent, in short form: <c>e1:4 hi</c> for a message, <c>from e1:3</c> for the start of its
/// stream, <c>hole e1:7</c> for the notice that something may be missing, <c>8: +anna</c> for presence.</summary>
internal sealed class RecordingConnection(long number = 1) : Connection(number, "u" + number, WebSocketFormat.Json)
{
    // A frame is encoded once and goes to every member, one after the other, so it is parsed only once.
    [ThreadStatic]
    private static (byte[] Payload, string Text)? _last;

    private readonly Lock _gate = new(); // guards _seen
    private readonly List<string> _seen = [];

    public CloseReason? Closed { get; private set; }

    /// <summary>The time provider's timestamp when the keeper last tended the connection.</summary>
    public long TendedAt { get; private set; }

    public string[] Seen
    {
        get
        {
            lock (_gate)
            {
                return [.. _seen];
            }
        }
    }

    /// <summary>Awaited before a replay continues.</summary>
    public Task Room { get; set; } = Task.CompletedTask;

    public Task SeesAsync(string last) => Eventually.TrueAsync(() => Seen.LastOrDefault() == last);

    public override void Enqueue(Frame frame)
    {
        var seen = InShort(frame.Span);
        lock (_gate)
        {
            _seen.Add(seen);
        }
    }

    public override Task HasRoomAsync() => Room;

    public override void Close(CloseReason reason) => Closed ??= reason;

    public override void Tend(TendingRound round) => TendedAt = round.Now;

    private static string InShort(ReadOnlySpan<byte> frame)
    {
        var payload = frame[1] switch
        {
            126 => frame.Slice(4, BinaryPrimitives.ReadUInt16BigEndian(frame[2..])),
            127 => frame[10..],
            var length => frame.Slice(2, length),
        };
        if (_last is { } last && payload.SequenceEqual(last.Payload))
        {
            return last.Text;
        }

        var bytes = payload.ToArray();
        using var document = JsonDocument.Parse(bytes);
        var text = InShort(document.RootElement);
        _last = (bytes, text);
        return text;
    }

    private static string InShort(JsonElement json)
    {
        var position = json.TryGetProperty("epoch", out var epoch) ? $"{epoch}:{json.GetProperty("offset")}" : "-";
        return json.GetProperty("type").GetString() switch
        {
            "subscribed" => (json.GetProperty("recovered").GetBoolean() ? "from " : "hole ") + position,
            "message" => $"{position} {json.GetProperty("msg")}",
            "presence" => Presence(json),
            var other => $"{position} {other}",
        };
    }

    // "7: anna 2, ben 1", "8: +carl -ben", "9: 5000"
    private static string Presence(JsonElement json) => $"{json.GetProperty("version")}: " + (
        json.TryGetProperty("members", out var members)
            ? string.Join(", ", members.EnumerateArray().Select(member => $"{member.GetProperty("user")} {member.GetProperty("connections")}"))
        : json.TryGetProperty("joined", out var joined)
            ? string.Join(' ', joined.EnumerateArray().Select(user => $"+{user}").Concat(json.GetProperty("left").EnumerateArray().Select(user => $"-{user}")))
        : $"{json.GetProperty("count")}");
}
