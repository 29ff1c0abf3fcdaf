using System.Globalization;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>Text in which every character can be seen: texts that look the same do not differ merely by invisible characters.</summary>
/// <remarks>Excluded are control characters, line ends, marks of writing direction, blanks other than the usual two, characters that are
/// private or not assigned in Unicode, and characters that a reader is to ignore. Of these last, emoji and some scripts need a few, and
/// may have them where they change what is seen.</remarks>
internal static class PrintableText
{
    private const int Blank = 0x20;
    private const int WideBlank = 0x3000; // between the parts of a name in Japanese
    private const int NonJoiner = 0x200C;
    private const int Joiner = 0x200D;
    private const int EmojiStyle = 0xFE0F;
    private const int Keycap = 0x20E3;

    // Viramas of the scripts that write joined letters with U+200C and U+200D (RFC 5892, appendix A).
    private static readonly int[] Viramas = [0x94D, 0x9CD, 0xA4D, 0xACD, 0xB4D, 0xBCD, 0xC4D, 0xCCD, 0xD4D, 0xDCA];

    /// <param name="text">Without lone surrogates.</param>
    public static bool Is(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || IsBlank(text[0]) || IsBlank(text[^1]))
        {
            return false;
        }

        var before = default(Rune);
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out var rune, out var length);
            text = text[length..];
            Rune.DecodeFromUtf16(text, out var next, out _);
            next = text.IsEmpty ? default : next;
            if (!IsSeen(rune) && !IsNeeded(rune, before, next))
            {
                return false;
            }

            before = rune;
        }

        return true;
    }

    private static bool IsBlank(int character) => character is Blank or WideBlank;

    private static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.SpaceSeparator => IsBlank(rune.Value),
        _ => !IsIgnored(rune.Value),
    };

    // Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt) beyond the categories above, the braille pattern without dots,
    // and the sign for characters that could not be decoded.
    private static bool IsIgnored(int character) => character
        is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164
        or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or 0xFFFD or (>= 0xE0000 and <= 0xE0FFF);

    private static bool IsNeeded(Rune rune, Rune before, Rune next) => rune.Value switch
    {
        EmojiStyle => next.Value == Keycap || IsEmoji(before) || before.Value is 0x203C or 0x2049 or 0x3030 or 0x303D,
        Joiner when (IsEmoji(before) || before.Value == EmojiStyle) && IsEmoji(next) => true,
        Joiner or NonJoiner => Viramas.Contains(before.Value) && Rune.GetUnicodeCategory(next) == UnicodeCategory.OtherLetter,
        _ => false,
    };

    // Also characters that may be part of an emoji; the range contains the skin tones. Four emoji are punctuation, and join with nothing.
    private static bool IsEmoji(Rune rune) => !rune.IsAscii
        && (rune.Value is >= 0x1F3FB and <= 0x1F3FF
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol);
}
