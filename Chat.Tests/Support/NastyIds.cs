using System.Text;
using Chat.Api.Messages;

namespace Chat.Tests.Support;

/// <summary>Ids made of characters with a meaning somewhere: in keys, channels, paths, JSON, lists, the texts of the protocol.</summary>
internal static class NastyIds
{
    public static readonly string[] Some =
    [
        "John Smith", "a/b", "a%2Fb", "a{b}c", "}:log", ":", "::", "a:b", "a,b:x:1", "\"quo\\ted\"", "'<&>'", "👩‍👩‍👧", "【x】 send:", "100%", "é", "?#",
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", ":", "/", "\\", "\"", "'", "%", "%7B", "%2F", ",", " ", "【", "】", "\n", "\r", "\t", "\0", "\u2028", "\u200B", "\u202E", "\uD83D",
        "\uFFFD", "😀", "👩‍👩‍👧", "e\u0301", "é", "张", "a", "b", "1", "group:", "user:", "}:log", ":typing:", "\",\"Msg\":\"", "\\u0022", "?", "#", "=", "&",
    ];

    /// <summary>Most of these ids are valid once they are parsed. Null means that this one is not.</summary>
    public static string? NastyId(this Random random)
    {
        var text = new StringBuilder();
        for (var pieces = random.Next(1, 7); pieces > 0; pieces--)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        return ChatId.TryParse(text.ToString(), out var id) ? id : null;
    }
}
