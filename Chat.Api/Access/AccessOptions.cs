using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Access;

/// <summary>Who may do what. Bound from <c>Chat:Access</c>. The node does not start with an invalid value.</summary>
internal sealed class AccessOptions
{
    public const string Section = "Chat:Access";

    /// <summary>Rules for groups, by a pattern of their names: <c>news-*</c>.</summary>
    /// <value>Default: none. A pattern here has no colon, which would separate keys, and is no name that every shell passes on as a variable:
    /// <see cref="Rules"/> has neither limit.</value>
    public Dictionary<string, AccessRule> Groups { get; set; } = [];

    /// <summary>Rules for topics of any kind, each with its pattern.</summary>
    /// <value>Default: none.</value>
    public List<TopicRule> Rules { get; set; } = [];

    /// <summary>How often a node looks for bans and mutes of which the telling was lost, and for those that have ended.</summary>
    /// <value>100 ms to 1.5 seconds. Default 500 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:01.5")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromMilliseconds(500);
}

/// <summary>Who has which right in some topics.</summary>
/// <remarks>Each is <c>everybody</c>, <c>nobody</c>, or roles, separated by commas, of which a token has one in its claim <c>role</c> or
/// <c>roles</c>: <c>service</c>.</remarks>
internal class AccessRule
{
    public const string Everybody = "everybody";
    public const string Nobody = "nobody";

    /// <value>Default: everybody.</value>
    public string? Join { get; set; }

    /// <value>Default: everybody.</value>
    public string? Post { get; set; }

    /// <value>Default: whoever may join.</value>
    public string? Presence { get; set; }

    /// <value>Default: whoever may join.</value>
    public string? History { get; set; }
}

/// <summary>A rule that names its topics.</summary>
internal sealed class TopicRule : AccessRule
{
    /// <value>A pattern of topics: <c>group:news-*</c>, <c>user:*</c>, <c>all</c>, <c>*</c>. Required.</value>
    public string? Topics { get; set; }
}
