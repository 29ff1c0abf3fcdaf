namespace Chat.Api.Messages;

/// <summary>What a user may do with a topic.</summary>
[Flags]
internal enum Rights
{
    None = 0,

    /// <summary>Be in it, and so hear it.</summary>
    Join = 1,

    /// <summary>Write to it.</summary>
    Post = 2,

    /// <summary>See who is in it.</summary>
    Presence = 4,

    /// <summary>Read what was written before.</summary>
    History = 8,

    /// <summary>All that there is to do with a topic.</summary>
    All = Join | Post | Presence | History,

    /// <summary>Not a right to a topic: to be connected at all.</summary>
    Connect = 16,
}

/// <summary>Rights as tokens, settings and webhooks write them.</summary>
internal static class RightNames
{
    private static readonly (string Name, Rights Right)[] Known =
    [
        ("join", Rights.Join), ("post", Rights.Post), ("presence", Rights.Presence), ("history", Rights.History), ("connect", Rights.Connect), ("*", Rights.All),
    ];

    public static bool TryParse(string? name, out Rights right)
    {
        (var known, right) = Array.Find(Known, one => one.Name == name);
        return known is not null;
    }

    public static IEnumerable<string> Of(Rights rights) =>
        Known.Where(one => one.Right != Rights.All && (rights & one.Right) != 0).Select(one => one.Name);
}
