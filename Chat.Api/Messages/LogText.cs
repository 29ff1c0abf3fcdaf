using System.Globalization;

namespace Chat.Api.Messages;

/// <summary>Makes text from others fit for a line of the log: bounded, on that line, and without characters that a terminal would obey.</summary>
/// <remarks>For example, a library's error about an answer that it cannot read contains pieces of that answer.</remarks>
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
