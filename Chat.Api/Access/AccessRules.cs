using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>The rules from the settings, parsed.</summary>
internal sealed class AccessRules
{
    private readonly (TopicPattern Pattern, Rule Rule)[] _rules;

    private AccessRules(IEnumerable<(TopicPattern, Rule)> rules) => _rules = [.. rules];

    public bool IsEmpty => _rules.Length == 0;

    /// <param name="options">Options without <see cref="Errors"/>.</param>
    public static AccessRules Read(AccessOptions options) => new(
        All(options).Select(one => (TopicPattern.TryParse(one.Pattern, out var pattern) ? pattern : throw new InvalidOperationException("Not checked."), Rule.Read(one.Rule))));

    /// <summary>What is wrong with the rules, one sentence per error.</summary>
    public static IEnumerable<string> Errors(AccessOptions options) =>
        All(options).Where(one => !TopicPattern.TryParse(one.Pattern, out _))
            .Select(one => $"{one.Key} has no pattern of topics; it is '{one.Pattern}'. {TopicPattern.Rule}")
            .Concat(All(options).SelectMany(one => Values(one.Rule).Where(value => value.Text is not null && !IsWho(value.Text))
                .Select(value => $"{one.Key}:{value.Name} must be everybody, nobody, or roles separated by commas; it is '{value.Text}'.")));

    /// <summary>What the settings say about a topic; null if they say nothing.</summary>
    /// <remarks>Of several patterns that are equally specific, only what all of them allow counts.</remarks>
    public Rights? Of(Topic topic, IReadOnlyCollection<string> roles) => _rules.Length > 0 && TopicPattern.MostSpecific(_rules, topic.Name) is { Count: > 0 } found
        ? found.Aggregate(Rights.All, (all, rule) => all & rule.Of(roles))
        : null;

    private static IEnumerable<(string Key, string? Pattern, AccessRule Rule)> All(AccessOptions options) =>
    [
        .. options.Groups.Select(one => ($"{AccessOptions.Section}:Groups:{one.Key}", "group:" + one.Key, one.Value)),
        .. options.Rules.Select((one, i) => ($"{AccessOptions.Section}:Rules:{i}", one.Topics, one)),
    ];

    private static (string Name, string? Text)[] Values(AccessRule rule) =>
        [(nameof(rule.Join), rule.Join), (nameof(rule.Post), rule.Post), (nameof(rule.Presence), rule.Presence), (nameof(rule.History), rule.History)];

    private static bool IsWho(string text) => Split(text) is { Length: > 0 } words
        && (words.Length == 1 || !words.Any(word => word is AccessRule.Everybody or AccessRule.Nobody));

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Who has each right.</summary>
    private sealed record Rule(Who Join, Who Post, Who Presence, Who History)
    {
        public static Rule Read(AccessRule rule)
        {
            var join = Who.Read(rule.Join) ?? Who.Everybody;
            return new Rule(join, Who.Read(rule.Post) ?? Who.Everybody, Who.Read(rule.Presence) ?? join, Who.Read(rule.History) ?? join);
        }

        public Rights Of(IReadOnlyCollection<string> roles) =>
            (Join.Has(roles) ? Rights.Join : 0) | (Post.Has(roles) ? Rights.Post : 0) | (Presence.Has(roles) ? Rights.Presence : 0) | (History.Has(roles) ? Rights.History : 0);
    }

    /// <param name="Roles">Null: everybody.</param>
    private sealed record Who(string[]? Roles)
    {
        public static readonly Who Everybody = new((string[]?)null);

        public static Who? Read(string? text) => text is null ? null : Split(text) switch
        {
            [AccessRule.Everybody] => Everybody,
            [AccessRule.Nobody] => new Who([]),
            var roles => new Who(roles),
        };

        public bool Has(IReadOnlyCollection<string> roles) => Roles is null || Array.Exists(Roles, roles.Contains);
    }
}
