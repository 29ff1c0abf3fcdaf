using System.Globalization;

namespace Chat.Client;

/// <summary>A place in a group's log, or in the log of a user's own messages.</summary>
/// <param name="Epoch">The life of the log that the offset belongs to. Compare it for equality only. Empty where the server keeps no log.</param>
/// <param name="Offset">The place in the log, counting from 1.</param>
/// <remarks>Its text form, <c>{epoch}:{offset}</c>, is what the server calls <c>since</c>.</remarks>
public readonly record struct ChatPosition(string Epoch, long Offset)
{
    /// <summary>Parses the text form.</summary>
    /// <exception cref="FormatException">The text is not a position.</exception>
    public static ChatPosition Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.LastIndexOf(':');
        return colon >= 0 && long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new ChatPosition(text[..colon], offset)
            : throw new FormatException("A position is an epoch, a colon and an offset.");
    }

    /// <summary>The text form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Offset}");
}
