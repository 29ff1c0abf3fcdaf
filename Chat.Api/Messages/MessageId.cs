using System.Buffers;
using System.Globalization;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>The rule for the ids that clients give to their messages.</summary>
/// <remarks>1 to 64 UTF-8 bytes, in Unicode normalization form C, of letters, marks, decimal digits and <c>_ . @ -</c>: none of these has
/// to be escaped, and none is a separator where ids are stored or sent.</remarks>
internal static class MessageId
{
    private const int MaxBytes = 64;

    private static readonly SearchValues<byte> Ascii =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"u8);

    public static bool IsValid(string id) => id.Length <= MaxBytes && IsValid(Encoding.UTF8.GetBytes(id));

    public static bool IsValid(ReadOnlySpan<byte> utf8) =>
        !utf8.IsEmpty && utf8.Length <= MaxBytes && (utf8.IndexOfAnyExcept(Ascii) < 0 || IsValidBeyondAscii(Encoding.UTF8.GetString(utf8)));

    private static bool IsValidBeyondAscii(string id)
    {
        foreach (var rune in id.EnumerateRunes())
        {
            // Invalid UTF-8, or half a surrogate pair, is U+FFFD here, which is a symbol.
            if (!(rune.IsAscii ? Ascii.Contains((byte)rune.Value) : IsLetterMarkOrDigit(rune)))
            {
                return false;
            }
        }

        return id.IsNormalized(NormalizationForm.FormC);
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
