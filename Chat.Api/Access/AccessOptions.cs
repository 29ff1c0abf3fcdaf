using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Access;

/// <summary>Settings of who may do what. Bound from <c>Chat:Access</c>. The node does not start with an invalid value.</summary>
internal sealed class AccessOptions
{
    public const string Section = "Chat:Access";

    /// <summary>Rules for groups, by a pattern of their names: <c>news-*</c>.</summary>
    /// <value>Default: none. A pattern here cannot contain a colon, which would separate keys. As an environment variable, its name may be one that
    /// some shells do not pass on. <see cref="Rules"/> has neither limit.</value>
    public Dictionary<string, AccessRule> Groups { get; set; } = [];

    /// <summary>Rules for topics of any kind, each with its pattern.</summary>
    /// <value>Default: none.</value>
    public List<TopicRule> Rules { get; set; } = [];

    /// <summary>A webhook of a backend that is asked who may do what.</summary>
    /// <value>An absolute URL; outside Development https, unless it is on this machine. Default: none.</value>
    public string? Url { get; set; }

    /// <summary>The secret with which the questions are signed.</summary>
    /// <value>One secret or several (<see cref="Webhooks.WebhookSignature.Rule"/>). Required with <see cref="Url"/>.</value>
    public string? Secret { get; set; }

    /// <summary>How long an answer may take. A question is asked at most twice, and has three times this long in all,
    /// including the wait for its turn.</summary>
    /// <value>100 ms to 10 seconds. Default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What applies while the webhook does not answer.</summary>
    /// <value>Default: refuse.</value>
    public WhenAway WhenAway { get; set; }

    /// <summary>How many questions a node asks at once. The others wait for their turn.</summary>
    /// <value>1 to 1000. Default 64. Users on whose questions the webhook has recently hung share a quarter of them.</value>
    [Range(1, 1000)]
    public int QuestionsAtOnce { get; set; } = 64;

    /// <summary>The longest time for which an answer counts, whatever the answer itself says.</summary>
    /// <value>1 second to 1 day. Default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AnswerAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many answers a node remembers. Beyond that, some are asked for again.</summary>
    /// <value>100 to 10,000,000. Default 100,000, some 30 MB.</value>
    [Range(100, 10_000_000)]
    public int Answers { get; set; } = 100_000;

    /// <summary>How often a node looks for bans and mutes whose announcement was lost, and for those that have ended.</summary>
    /// <value>100 ms to 1.5 seconds. Default 500 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:01.5")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromMilliseconds(500);
}

/// <summary>What applies while the webhook does not answer.</summary>
internal enum WhenAway
{
    /// <summary>Nothing is allowed.</summary>
    Refuse,

    /// <summary>The settings decide, as if there were no webhook.</summary>
    Allow,
}

/// <summary>Who has which right in some topics.</summary>
/// <remarks>Each value is <c>everybody</c>, <c>nobody</c>, or roles separated by commas, such as <c>service</c>. A token needs one of the roles in
/// its claim <c>role</c> or <c>roles</c>.</remarks>
internal class AccessRule
{
    public const string Everybody = "everybody";
    public const string Nobody = "nobody";

    /// <value>Default: everybody.</value>
    public string? Join { get; set; }

    /// <value>Default: everybody.</value>
    public string? Post { get; set; }

    /// <value>Default: those who may join.</value>
    public string? Presence { get; set; }

    /// <value>Default: those who may join.</value>
    public string? History { get; set; }
}

/// <summary>A rule that names its topics.</summary>
internal sealed class TopicRule : AccessRule
{
    /// <value>A pattern of topics: <c>group:news-*</c>, <c>user:*</c>, <c>all</c>, <c>*</c>. Required.</value>
    public string? Topics { get; set; }
}
