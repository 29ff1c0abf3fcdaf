using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>The rule for names that come from users: ids of users and groups.</summary>
/// <remarks>1 to 128 bytes of visible UTF-8 text (<see cref="PrintableText"/>), without a blank at either end. Text in another Unicode
/// normalization form than C is taken for the id in form C, so that one name is one topic. The places that an id could break guard
/// against it themselves: the names of keys (<c>Redis/RedisKeys.cs</c>) and JSON (<see cref="JsonText"/>).</remarks>
internal static class ChatId
{
    public const int MaxBytes = 128;

    public const string Rule =
        "An id has 1 to 128 bytes of UTF-8 text: no control or invisible characters, no blank at either end.";

    private const int MostChars = 3 * MaxBytes; // of a text that form C may shorten to an id

    private static readonly SearchValues<char> PrintableAscii = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(one => (char)one)]);
    private static readonly SearchValues<byte> PrintableAsciiBytes = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(one => (byte)one)]);

    public static bool IsValid(string? text) => TryParse(text, out _);

    /// <summary>The id that a text stands for. Usually that is the text itself.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (string.IsNullOrEmpty(text) || text.Length > MostChars)
        {
            return false;
        }

        if (!text.AsSpan().ContainsAnyExcept(PrintableAscii))
        {
            id = text.Length <= MaxBytes && text[0] != ' ' && text[^1] != ' ' ? text : null;
            return id is not null;
        }

        Span<char> normal = stackalloc char[MaxBytes];
        if (TryNormalize(text, normal, out var length))
        {
            id = normal[..length].SequenceEqual(text) ? text : new string(normal[..length]);
        }

        return id is not null;
    }

    /// <summary>As <see cref="TryParse(string?, out string?)"/>, without a string.</summary>
    /// <param name="utf8">A text.</param>
    /// <param name="buffer">Has <see cref="MaxBytes"/> bytes; holds the id if that is not the text itself.</param>
    /// <param name="id">The id.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, Span<byte> buffer, out ReadOnlySpan<byte> id)
    {
        id = default;
        if (utf8.IsEmpty || utf8.Length > MostChars)
        {
            return false;
        }

        if (!utf8.ContainsAnyExcept(PrintableAsciiBytes))
        {
            id = utf8.Length <= MaxBytes && utf8[0] != ' ' && utf8[^1] != ' ' ? utf8 : default;
            return !id.IsEmpty;
        }

        Span<char> text = stackalloc char[MostChars];
        Span<char> normal = stackalloc char[MaxBytes];
        var chars = Encoding.UTF8.GetChars(utf8, text); // bytes that are not UTF-8 become U+FFFD, which is in no id
        if (!TryNormalize(text[..chars], normal, out var length))
        {
            return false;
        }

        id = buffer[..Encoding.UTF8.GetBytes(normal[..length], buffer)];
        return true;
    }

    private static bool TryNormalize(ReadOnlySpan<char> text, Span<char> normal, out int length)
    {
        length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || rune.Value == 0xFFFE)
            {
                return false; // U+FFFD itself, or half a surrogate pair; normalizing throws on that, and on U+FFFE
            }
        }

        return text.TryNormalize(normal, out length, NormalizationForm.FormC)
            && Encoding.UTF8.GetByteCount(normal[..length]) <= MaxBytes
            && PrintableText.Is(normal[..length]);
    }
}
