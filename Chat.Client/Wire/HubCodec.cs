using System.Buffers;
using System.Text.Json;

namespace Chat.Client.Wire;

/// <summary>Converts records of SignalR's JSON protocol to bytes and back: JSON with a separator behind it.</summary>
internal static class HubCodec
{
    public const byte Separator = 0x1e;

    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_");

    public static byte[] Handshake { get; } = "{\"protocol\":\"json\",\"version\":1}\u001e"u8.ToArray();

    public static byte[] Ping { get; } = "{\"type\":6}\u001e"u8.ToArray();

    /// <summary>Encodes a call of a hub method.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="argument">Its only argument.</param>
    /// <param name="id">The id that the answer will bear. Null: no answer is wanted.</param>
    public static ReadOnlyMemory<byte> Encode(string method, HubArgument argument, string? id)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("type", HubRecord.Invocation);
            if (id is not null)
            {
                writer.WriteString("invocationId", id);
            }

            writer.WriteString("target", method);
            writer.WriteStartArray("arguments");
            JsonSerializer.Serialize(writer, argument, HubJson.Default.HubArgument);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        buffer.Write([Separator]);
        return buffer.WrittenMemory;
    }

    /// <exception cref="JsonException">The bytes are not a record.</exception>
    public static HubRecord Decode(ReadOnlySpan<byte> record) =>
        JsonSerializer.Deserialize(record, HubJson.Default.HubRecord) ?? throw new JsonException("null");

    /// <summary>Reads the argument of a call by the hub, or the result of an answer. No list in it contains null, so the code that uses it need not
    /// check.</summary>
    /// <exception cref="JsonException">The JSON is not an argument.</exception>
    public static HubArgument ToArgument(JsonElement? json)
    {
        var argument = json is { ValueKind: not JsonValueKind.Null } some ? some.Deserialize(HubJson.Default.HubArgument)! : new HubArgument();
        return argument.Messages?.Contains(null!) == true || argument.Deletions?.Contains(null!) == true || argument.Joined?.Contains(null!) == true || argument.Left?.Contains(null!) == true
            || argument.Members?.Any(static member => member?.Nick is null) == true
            ? throw new JsonException("null in a list")
            : argument;
    }

    /// <summary>Extracts what the hub threw from the text that SignalR makes of it:
    /// "An unexpected error occurred invoking 'post' on the server. HubException: not_member: You are not in that group."</summary>
    public static ChatException ToException(string error)
    {
        const string Mark = "HubException: ";
        var text = error.IndexOf(Mark, StringComparison.Ordinal) is var at and >= 0 ? error[(at + Mark.Length)..] : error;
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && text.AsSpan(0, colon).IndexOfAnyExcept(Letters) < 0
            ? new ChatException(text[..colon], text[(colon + 2)..])
            : new ChatException("malformed", text);
    }
}
