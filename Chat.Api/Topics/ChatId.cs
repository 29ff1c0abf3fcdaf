using System.Buffers;
using System.Globalization;
using System.Text;

namespace Chat.Api.Topics;

/// <summary>The rule for names that come from users: ids of users and groups.</summary>
/// <remarks>1 to 128 UTF-8 bytes, in Unicode normalization form C, of letters, marks, decimal digits and
/// <c>_ . @ -</c>. Nothing in this set can end a Redis key's hash tag, a channel name, a log line or a JSON string.</remarks>
internal static class ChatId
{
    public const int MaxBytes = 128;

    public const string Rule =
        "An id has 1 to 128 bytes of letters, digits and _ . @ - (UTF-8, normalization form C).";

    private static readonly SearchValues<char> Ascii =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-");

    private static readonly SearchValues<byte> AsciiBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"u8);

    public static bool IsValid(string? id)
    {
        if (string.IsNullOrEmpty(id) || id.Length > MaxBytes)
        {
            return false;
        }

        return id.AsSpan().IndexOfAnyExcept(Ascii) < 0 || IsValidBeyondAscii(id);
    }

    /// <summary>As <see cref="IsValid(string?)"/>, without a string for the usual id.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > MaxBytes)
        {
            return false;
        }

        return utf8.IndexOfAnyExcept(AsciiBytes) < 0 || IsValidBeyondAscii(Encoding.UTF8.GetString(utf8));
    }

    private static bool IsValidBeyondAscii(string id)
    {
        foreach (var rune in id.EnumerateRunes())
        {
            // An unpaired surrogate enumerates as U+FFFD, a symbol, and so fails here; IsNormalized would throw on it.
            if (!(rune.IsAscii ? Ascii.Contains((char)rune.Value) : IsLetterMarkOrDigit(rune)))
            {
                return false;
            }
        }

        return Encoding.UTF8.GetByteCount(id) <= MaxBytes && id.IsNormalized(NormalizationForm.FormC);
    }

    private static bool IsLetterMarkOrDigit(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.DecimalDigitNumber => true,
        _ => false,
    };
}
