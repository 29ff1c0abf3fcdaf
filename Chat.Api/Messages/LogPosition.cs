using System.Buffers;
using System.Globalization;

namespace Chat.Api.Messages;

/// <summary>A position in a topic's log, as a client gives it: <c>{epoch}:{offset}</c>.</summary>
internal readonly record struct LogPosition(string Epoch, long Offset)
{
    /// <summary>What a client gives back that was told the position of a topic without a log, <c>:0</c>. It is the position of no topic, since nobody
    /// knows what such a client has missed. A member that has just joined such a topic has missed nothing: its position is the topic's.</summary>
    public static readonly LogPosition Nowhere = new("", 1);

    private static readonly SearchValues<char> EpochCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    public static bool TryParse(string text, out LogPosition position)
    {
        position = Nowhere;
        if (text == ":0")
        {
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon is < 1 or > 32
            || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            || text.AsSpan(0, colon).ContainsAnyExcept(EpochCharacters))
        {
            return false;
        }

        position = new LogPosition(text[..colon], offset);
        return true;
    }
}
