using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>The sanctions of a user, as they were in Redis at one moment.</summary>
/// <remarks>Their ends follow from the time that was left at that moment, so the clocks of nodes and Redis need not agree.</remarks>
internal sealed class UserSanctions
{
    public static readonly UserSanctions None = new([], TimeProvider.System);

    private readonly (Sanction Sanction, long EndsAt)[] _all; // timestamps
    private readonly TimeProvider _time;

    /// <param name="all">The sanctions, each with the time that is left of it.</param>
    /// <param name="time">The clock whose timestamps count.</param>
    public UserSanctions(IReadOnlyCollection<(Sanction Sanction, TimeSpan? Left)> all, TimeProvider time)
    {
        _time = time;
        var now = time.GetTimestamp();
        _all = [.. all.Select(one => (one.Sanction, one.Left is { } left ? now + (long)(left.TotalSeconds * time.TimestampFrequency) : long.MaxValue))];
    }

    public bool IsEmpty => _all.Length == 0;

    /// <summary>The ban from everything, if there is one.</summary>
    public Sanction? Ban => IsEmpty ? null : Array.Find(_all, one => one.Sanction is { Kind: SanctionKind.Ban, Topic: null } && IsOn(one.EndsAt)).Sanction;

    /// <summary>Whether a sanction has ended, so that what they deny has to be looked at again.</summary>
    public bool HasEnded => !IsEmpty && Array.Exists(_all, one => !IsOn(one.EndsAt));

    /// <summary>The sanctions without those that have ended.</summary>
    public UserSanctions Rest() => new(this);

    private UserSanctions(UserSanctions other) => (_all, _time) = ([.. other._all.Where(one => other.IsOn(one.EndsAt))], other._time);

    /// <summary>The rights that the sanctions take away in a topic.</summary>
    public Rights DeniedIn(Topic topic)
    {
        var denied = Rights.None;
        foreach (var (sanction, endsAt) in _all)
        {
            denied |= IsOn(endsAt) ? sanction.Denies(topic) : Rights.None;
        }

        return denied;
    }

    /// <summary>Until when the sanctions deny a right in a topic. Null if they do not deny it, or deny it until they are lifted.</summary>
    public DateTimeOffset? Until(Topic topic, Rights right)
    {
        DateTimeOffset? until = null;
        foreach (var (sanction, endsAt) in _all)
        {
            if (IsOn(endsAt) && (sanction.Denies(topic) & right) != 0)
            {
                if (sanction.Until is not { } end)
                {
                    return null;
                }

                until = until > end ? until : end;
            }
        }

        return until;
    }

    private bool IsOn(long endsAt) => endsAt == long.MaxValue || endsAt > _time.GetTimestamp();
}
