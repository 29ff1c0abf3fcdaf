using System.Globalization;

namespace Chat.Api.Messages;

/// <summary>Words of others, as they may stand in a line of the log: bounded, on that line, and without what a terminal would obey.</summary>
/// <remarks>What a library says of an answer that it cannot read has pieces of that answer in it.</remarks>
internal static class LogText
{
    public const int MostChars = 300;

    public static string Of(string text)
    {
        var cut = text.Length <= MostChars ? text : $"{text.AsSpan(0, MostChars)}…";
        return string.Create(cut.Length, cut, static (shown, given) =>
        {
            for (var i = 0; i < shown.Length; i++)
            {
                shown[i] = IsSeen(given[i]) ? given[i] : '?';
            }
        });
    }

    private static bool IsSeen(char one) => char.GetUnicodeCategory(one) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
