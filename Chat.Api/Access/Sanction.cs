using Chat.Api.Messages;

namespace Chat.Api.Access;

internal enum SanctionKind
{
    /// <summary>The user is out: of one topic, or of everything.</summary>
    Ban,

    /// <summary>The user hears, but does not write: to one topic, or at all.</summary>
    Mute,
}

/// <summary>A ban or a mute.</summary>
/// <param name="Kind">Which.</param>
/// <param name="UserId">Whose.</param>
/// <param name="Topic">Where; null: everywhere.</param>
/// <param name="Until">When it ends by itself, by Redis's clock; null: when it is lifted.</param>
/// <param name="Reason">Why, for those who look at it. Its user is not told.</param>
internal sealed record Sanction(SanctionKind Kind, string UserId, Topic? Topic, DateTimeOffset? Until, string Reason)
{
    /// <summary>The longest that one can be put on for; what is to last longer lasts until it is lifted.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromDays(3650);

    /// <summary>The most characters of a <see cref="Reason"/>.</summary>
    public const int ReasonChars = 256;

    /// <summary>The most sanctions of one user.</summary>
    public const int MostPerUser = 200;

    /// <summary>What it takes away from its user in a topic. Never that the user hears what is sent to them: whom a ban keeps out of everything
    /// has no connection to hear it on.</summary>
    public Rights Denies(Topic topic)
    {
        var denied = Topic is not null && Topic != topic ? Rights.None : Kind == SanctionKind.Ban ? Rights.All : Rights.Post;
        return topic.Kind == TopicKind.User && topic.Id == UserId ? denied & ~(Rights.Join | Rights.History) : denied;
    }
}

/// <summary>A page of the users who have sanctions.</summary>
/// <param name="Users">Their sanctions, a list per user.</param>
/// <param name="Of">How many users there are on all pages.</param>
internal sealed record SanctionPage(IReadOnlyList<IReadOnlyList<Sanction>> Users, long Of);
