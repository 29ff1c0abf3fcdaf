using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Chat.Api.Messages;

namespace Chat.Api.RawEndpoints;

/// <summary>A JSON object from a client, whatever the endpoint. Each endpoint uses the fields it knows.</summary>
/// <remarks>
/// <c>{"Id":"2","Msg":"hi","MsgId":"a1"}</c>,
/// <c>{"Method":"Group","Group":"42","MsgBody":"hi","MsgId":"a1"}</c>,
/// <c>{"Method":"UserGroup","Group":"42","Since":"6b02481041a85:7"}</c>,
/// <c>{"Method":"One","MsgBody":{"Id":"2","Msg":"hi"}}</c>. Names match whatever their ASCII case, as in the first seed. Texts remain the
/// escaped bytes between their quotes, with every escape checked; ids are unescaped. A number or boolean in place of a text counts as the
/// text that it is written as, <c>{"Id":2,"Msg":7}</c>, as in that seed's JSON library.
/// </remarks>
internal ref struct ClientMessage
{
    public ReadOnlySpan<byte> Method;
    public ReadOnlySpan<byte> Group;
    public ReadOnlySpan<byte> Id;
    public ReadOnlySpan<byte> Msg;
    public ReadOnlySpan<byte> MsgId;
    public ReadOnlySpan<byte> Since;

    /// <summary>MsgBody if it is not an object.</summary>
    public ReadOnlySpan<byte> Body;

    public bool HasId;
    public bool HasMsg;
    public bool HasMsgId;
    public bool HasSince;
    public bool HasMethod;
    public bool HasGroup;
    public bool HasBody;

    /// <summary>Returns false if it is not exactly one JSON object, is nested too deeply, or has a known field that is not text.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, int maxDepth, out ClientMessage message)
    {
        message = default;
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            var body = false; // inside MsgBody
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndObject)
                {
                    if (!body)
                    {
                        return !reader.Read(); // throws if anything follows the object
                    }

                    body = false;
                    continue;
                }

                var name = reader.ValueSpan;
                if (!body && Is(name, "MsgBody"u8))
                {
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        body = true;
                        continue;
                    }

                    message.HasBody = TryBody(ref reader, out message.Body);
                }
                else if (Is(name, "Id"u8))
                {
                    message.HasId = TryId(ref reader, out message.Id);
                }
                else if (Is(name, "Msg"u8))
                {
                    message.HasMsg = TryNext(ref reader, out message.Msg);
                }
                else if (!body && Is(name, "MsgId"u8))
                {
                    message.HasMsgId = TryId(ref reader, out message.MsgId);
                }
                else if (!body && Is(name, "Since"u8))
                {
                    message.HasSince = TryId(ref reader, out message.Since);
                }
                else if (!body && Is(name, "Method"u8))
                {
                    message.HasMethod = TryId(ref reader, out message.Method);
                }
                else if (!body && Is(name, "Group"u8))
                {
                    message.HasGroup = TryId(ref reader, out message.Group);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>What is wrong with the message id, or null. A missing id is not wrong.</summary>
    public readonly ClientError? MsgIdError() =>
        !HasMsgId || MessageId.IsValid(MsgId) ? null : ClientError.InvalidMsgId;

    /// <summary>The message id as an error frame may repeat it. Empty if there is none, or if it is not valid.</summary>
    public readonly ReadOnlySpan<byte> ValidMsgId => HasMsgId && MsgIdError() is null ? MsgId : default;

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) =>
        name.SequenceEqual(wanted) || System.Text.Ascii.EqualsIgnoreCase(name, wanted);

    private static bool TryNext(scoped ref Utf8JsonReader reader, scoped out ReadOnlySpan<byte> text)
    {
        reader.Read();
        return TryText(ref reader, out text);
    }

    private static bool TryId(scoped ref Utf8JsonReader reader, scoped out ReadOnlySpan<byte> id)
    {
        if (!TryNext(ref reader, out id))
        {
            return false;
        }

        if (reader.ValueIsEscaped)
        {
            var plain = new ArrayBufferWriter<byte>();
            JsonText.TryUnescape(id, plain); // checked just before
            id = plain.WrittenSpan;
        }

        return true;
    }

    // In MsgBody, the seed takes a value of any kind, and sends it on as .NET writes it: True, 1.5 for 1.50.
    private static bool TryBody(scoped ref Utf8JsonReader reader, scoped out ReadOnlySpan<byte> body)
    {
        var isText = TryText(ref reader, out body);
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
        {
            body = reader.TokenType == JsonTokenType.True ? "True"u8 : "False"u8;
        }
        else if (reader.TokenType == JsonTokenType.Number && body.IndexOfAny(".eE"u8) >= 0)
        {
            var digits = new byte[32];
            reader.GetDouble().TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
            body = digits.AsSpan(0, length);
        }

        return isText;
    }

    // Null counts as missing, as it does for the first seed. Arrays and objects are malformed.
    private static bool TryText(scoped ref Utf8JsonReader reader, scoped out ReadOnlySpan<byte> text)
    {
        text = default;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return false;
        }

        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
            || (reader.ValueIsEscaped && !JsonText.TryUnescape(reader.ValueSpan, new ArrayBufferWriter<byte>())))
        {
            throw new JsonException();
        }

        text = reader.ValueSpan;
        return true;
    }
}
