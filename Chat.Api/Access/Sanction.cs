using System.Globalization;
using Chat.Api.Messages;

namespace Chat.Api.Access;

internal enum SanctionKind
{
    /// <summary>The user is kept out of one topic, or of everything.</summary>
    Ban,

    /// <summary>The user can read but not write: in one topic, or anywhere.</summary>
    Mute,
}

/// <summary>A ban or a mute.</summary>
/// <param name="Kind">Ban or mute.</param>
/// <param name="UserId">The user.</param>
/// <param name="Topic">The topic; null: everywhere.</param>
/// <param name="Until">When it ends by itself, by Redis's clock; null: only when it is lifted.</param>
/// <param name="Reason">Why, for people who look at it. The user is not told.</param>
internal sealed record Sanction(SanctionKind Kind, string UserId, Topic? Topic, DateTimeOffset? Until, string Reason)
{
    /// <summary>The longest time for a sanction. A sanction for a longer time lasts until it is lifted.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromDays(3650);

    /// <summary>The most characters of a <see cref="Reason"/>.</summary>
    public const int ReasonChars = 256;

    /// <summary>The most sanctions of one user.</summary>
    public const int MostPerUser = 200;

    /// <summary>The rights that it takes from its user in a topic. It never takes the right to receive what is sent to the user: a user who is banned
    /// from everything has no connection to receive it on.</summary>
    public Rights Denies(Topic topic)
    {
        var denied = Topic is not null && Topic != topic ? Rights.None : Kind == SanctionKind.Ban ? Rights.All : Rights.Post;
        return topic.Kind == TopicKind.User && topic.Id == UserId ? denied & ~(Rights.Join | Rights.History) : denied;
    }
}

/// <summary>A page of the users who have sanctions.</summary>
/// <param name="Users">Their sanctions, a list per user.</param>
/// <param name="Of">How many users there are on all pages.</param>
/// <param name="Last">The last place on the page; null if nobody follows.</param>
internal sealed record SanctionPage(IReadOnlyList<IReadOnlyList<Sanction>> Users, long Of, SanctionPlace? Last);

/// <summary>A user's place among those who have sanctions. It stays where it is, whoever comes and goes.</summary>
/// <param name="Until">Until when the user has sanctions: Unix milliseconds, or <c>inf</c>.</param>
/// <param name="UserId">The user.</param>
internal sealed record SanctionPlace(string Until, string UserId)
{
    private const string Forever = "inf";

    /// <summary>Reads what <see cref="ToString"/> writes. Returns false for anything else.</summary>
    public static bool TryParse(string? text, out SanctionPlace? place)
    {
        var until = text is not null && text.IndexOf(':') is > 0 and var colon ? text[..colon] : "";
        place = (until == Forever || long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out _)) && ChatId.TryParse(text![(until.Length + 1)..], out var user)
            ? new SanctionPlace(until, user) : null;
        return place is not null;
    }

    public override string ToString() => $"{Until}:{UserId}";
}
