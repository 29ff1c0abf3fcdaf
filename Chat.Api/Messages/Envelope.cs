using System.Text.Json;
using System.Text.Unicode;

namespace Chat.Api.Messages;

/// <summary>What travels over the backplane and lies in a log: the first seed's JSON object with fields of our own.</summary>
/// <remarks>
/// <c>{"Offset":7,"Epoch":"k2v9…","At":1763771234567,"Id":"…","Via":"n4x…-12","FromId":"1","ToId":"42","Msg":"hi"}</c>.
/// A seed node's envelope has only the last three fields. It may have a number in place of a text, or no <c>Msg</c>, which counts as an
/// empty one. A removal has <c>"Kind":"left"</c> and a generation as its text; a deletion <c>"Kind":"deleted"</c> and the position and id of the
/// message that is deleted. String values are kept as the escaped bytes between their
/// quotes: a message is copied, not decoded and encoded again, except for text frames with escapes in them.
/// </remarks>
internal ref struct Envelope
{
    /// <summary>Position in the topic's log; 0 if it is in no log: a signal or a seed node's message.</summary>
    public long Offset;

    public ReadOnlySpan<byte> Epoch;

    /// <summary>When the publishing node took it, in Unix milliseconds; 0: unknown.</summary>
    public long At;

    public ReadOnlySpan<byte> Id;

    /// <summary>The connection it came from, <c>{node}-{number}</c>: the one member that doesn't get it back.</summary>
    public ReadOnlySpan<byte> Via;

    /// <summary>What it is if it is not a message: <c>joined</c>, <c>left</c>, <c>deleted</c>, <c>gone</c>.</summary>
    public ReadOnlySpan<byte> Kind;

    /// <summary>The id of the user or group it is for; empty for all.</summary>
    public ReadOnlySpan<byte> To;

    /// <summary>W3C trace context of the publishing frame, when that is sampled.</summary>
    public ReadOnlySpan<byte> Trace;

    public ReadOnlySpan<byte> From;

    /// <summary>JSON-escaped text.</summary>
    public ReadOnlySpan<byte> Msg;

    public bool MsgIsEscaped;

    public bool FromIsEscaped;

    /// <summary>The kind of a removal: <see cref="From"/> has left the group, with every connection.</summary>
    public static ReadOnlySpan<byte> Left => "left"u8;

    public readonly bool IsRemoval => Kind.SequenceEqual(Left);

    /// <summary>The kind of a notice that a message was deleted (<see cref="DeletedMessage"/>); <see cref="From"/> is who had it deleted.</summary>
    public static ReadOnlySpan<byte> Deleted => "deleted"u8;

    public readonly bool IsDeletion => Kind.SequenceEqual(Deleted);

    /// <summary>The kind of what stands in the place of a message that was deleted: with its time and id, but without its sender and its
    /// text. Nobody gets it.</summary>
    public static ReadOnlySpan<byte> Gone => "gone"u8;

    public readonly bool IsGone => Kind.SequenceEqual(Gone);

    /// <summary>Returns false if this is not a JSON object, or one without the seed's fields. Anyone with access to Redis can publish
    /// anything.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out Envelope envelope)
    {
        envelope = default;
        if (!Utf8.IsValid(utf8))
        {
            return false; // the JSON reader does not check this, and a client ends a connection that brings it such text
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 8 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // The seed's JSON library writes names as they are, and reads them regardless of case.
                var name = reader.ValueSpan;
                switch (name.Length)
                {
                    case 2 when Is(name, "At"u8):
                        envelope.At = Number(ref reader);
                        break;
                    case 2 when Is(name, "Id"u8):
                        envelope.Id = String(ref reader, out _);
                        break;
                    case 3 when Is(name, "Via"u8):
                        envelope.Via = String(ref reader, out _);
                        break;
                    case 3 when Is(name, "Msg"u8):
                        envelope.Msg = Text(ref reader, out envelope.MsgIsEscaped);
                        break;
                    case 4 when Is(name, "Kind"u8):
                        envelope.Kind = String(ref reader, out _);
                        break;
                    case 4 when Is(name, "ToId"u8):
                        envelope.To = Text(ref reader, out _);
                        break;
                    case 5 when Is(name, "Epoch"u8):
                        envelope.Epoch = String(ref reader, out _);
                        break;
                    case 5 when Is(name, "Trace"u8):
                        envelope.Trace = String(ref reader, out _);
                        break;
                    case 6 when Is(name, "Offset"u8):
                        envelope.Offset = Number(ref reader);
                        break;
                    case 6 when Is(name, "FromId"u8):
                        envelope.From = Text(ref reader, out envelope.FromIsEscaped);
                        break;
                    default:
                        reader.Read();
                        reader.Skip();
                        break;
                }
            }

            return !envelope.From.IsEmpty;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) =>
        name.SequenceEqual(wanted) || System.Text.Ascii.EqualsIgnoreCase(name, wanted);

    private static long Number(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
        {
            return number;
        }

        reader.Skip();
        return 0;
    }

    // Reads one of the seed's own fields. The seed's JSON library turns any simple value but null into a string.
    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader, scoped out bool isEscaped)
    {
        reader.Read();
        isEscaped = reader.ValueIsEscaped;
        return reader.TokenType switch
        {
            JsonTokenType.Null => default,
            JsonTokenType.StartObject or JsonTokenType.StartArray => throw new JsonException(),
            _ => reader.ValueSpan,
        };
    }

    private static ReadOnlySpan<byte> String(scoped ref Utf8JsonReader reader, scoped out bool isEscaped)
    {
        reader.Read();
        isEscaped = reader.ValueIsEscaped;
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan;
        }

        reader.Skip();
        return default;
    }
}
