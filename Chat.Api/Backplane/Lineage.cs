namespace Chat.Api.Backplane;

/// <summary>How the epochs of a log follow from one another, as far as it is remembered.</summary>
/// <remarks>A loss may become known only when the next life of Redis is already under way. Readers that have positions of that life by
/// then do not know of the loss. So the log then begins another epoch after a <see cref="Hole"/>: every reader that comes from before it
/// is told, however late, and none twice.</remarks>
/// <param name="Entries">Epochs that ended, the newest first.</param>
/// <param name="Crossed">How many of these end between the reader's position and now.</param>
/// <param name="Broken">Lives known to have lost something; looked up each time, since a loss may become known later.</param>
internal sealed record Lineage(IReadOnlyList<EndedEpoch> Entries, int Crossed, BrokenLives Broken)
{
    /// <summary>Stands in the place of a life: the epoch was ended so that readers are told of a loss before it (read.lua).</summary>
    public const string Hole = "hole";

    public static readonly Lineage None = new([], 0, new BrokenLives());

    /// <summary>From the epoch that the reader asked with to that of the log.</summary>
    public (string From, string To) Epochs { get; init; } = ("", "");

    /// <summary>Whether something acknowledged may be missing between the reader's epoch and now, although its position is known.</summary>
    public bool IsBroken
    {
        get
        {
            for (var i = 0; i < Crossed; i++)
            {
                if (Entries[i].IsHole || Broken.Contains(Entries[i].Life))
                {
                    return true;
                }
            }

            return Crossed > 0 && Broken.HasBegunBetween(Epochs.From, Epochs.To, Lives);
        }
    }

    /// <summary>Whether there are, or may be, positions of the log's present epoch whose holders have not been told of a loss before them.</summary>
    public bool IsDoubted => !Broken.IsEmpty && (SinceHole.Any(epoch => Broken.Contains(epoch.Life)) || (Known is { } known && Broken.HasBegunBetween(known, Epochs.To, Lives)));

    /// <summary>Whether a reader that came to the log's epoch from an earlier one may have missed what was lost when a life of Redis
    /// began, and was not told: the log went over into that life or, if it was not used during it, past it.</summary>
    public bool HasPassed(string life) =>
        SinceHole.Any(epoch => epoch.Life == life) || (Known is { } known && !Lives.Contains(life) && Broken.HasBegunBetween(life, known, Epochs.To));

    /// <summary>Parses the ended epochs of a log, as the meta field <c>p</c> has them (epoch.lua): <c>{epoch}:{last offset}@{life}</c>,
    /// with spaces in between.</summary>
    public static IReadOnlyList<EndedEpoch> Parse(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(static entry => entry.Contains(':', StringComparison.Ordinal) && entry.Contains('@', StringComparison.Ordinal))
            .Select(static entry => new EndedEpoch(entry[..entry.IndexOf(':', StringComparison.Ordinal)], entry[(entry.IndexOf('@', StringComparison.Ordinal) + 1)..]))];

    private IEnumerable<string> Lives => Entries.Select(static epoch => epoch.Life);

    private IEnumerable<EndedEpoch> SinceHole => Entries.TakeWhile(static epoch => !epoch.IsHole);

    // From here on, losses count that left no epoch in this log: the beginning of the first epoch after the last hole, or of the oldest one.
    private string? Known => SinceHole.LastOrDefault().Epoch;
}

/// <summary>An epoch of a log that has ended.</summary>
/// <param name="Epoch">Its name.</param>
/// <param name="Life">The life of Redis that began the next one, or <see cref="Lineage.Hole"/>.</param>
internal readonly record struct EndedEpoch(string Epoch, string Life)
{
    public bool IsHole => Life == Lineage.Hole;
}
