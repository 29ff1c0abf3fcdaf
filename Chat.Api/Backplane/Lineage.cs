namespace Chat.Api.Backplane;

/// <summary>How the epochs of a log follow from one another, as far as it is remembered.</summary>
/// <remarks>A loss that becomes known while a life of Redis goes on is news to those who have positions of that life already. So the log
/// then begins another epoch behind a <see cref="Hole"/>: whoever comes from before that is told, however late, and nobody twice.</remarks>
/// <param name="Entries">Epochs that ended, the newest first.</param>
/// <param name="Crossed">As many of these end between the reader's position and now.</param>
/// <param name="Broken">Lives known to have lost something; asked whenever it matters, since that may become known later.</param>
internal sealed record Lineage(IReadOnlyList<EndedEpoch> Entries, int Crossed, BrokenLives Broken)
{
    /// <summary>In the place of a life: the epoch ended so that a loss before it is told (read.lua).</summary>
    public const string Hole = "hole";

    public static readonly Lineage None = new([], 0, new BrokenLives());

    /// <summary>From the epoch that the reader asked with to that of the log.</summary>
    public (string From, string To) Epochs { get; init; } = ("", "");

    /// <summary>Whether something acknowledged may be missing between the reader's epoch and now, though its position is there.</summary>
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

    /// <summary>Whether whoever has come to the log's epoch from an earlier one may have missed what was lost with a life of Redis, and was not
    /// told: the log went over into that life, or, unused in it, past it.</summary>
    public bool HasPassed(string life) =>
        SinceHole.Any(epoch => epoch.Life == life) || (Known is { } known && !Lives.Contains(life) && Broken.HasBegunBetween(life, known, Epochs.To));

    /// <summary>Reads this of a log, as the meta field <c>p</c> has it (epoch.lua): <c>{epoch}:{last offset}@{life}</c>, with spaces in between.</summary>
    public static IReadOnlyList<EndedEpoch> Parse(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(static entry => entry.Contains(':', StringComparison.Ordinal) && entry.Contains('@', StringComparison.Ordinal))
            .Select(static entry => new EndedEpoch(entry[..entry.IndexOf(':', StringComparison.Ordinal)], entry[(entry.IndexOf('@', StringComparison.Ordinal) + 1)..]))];

    private IEnumerable<string> Lives => Entries.Select(static epoch => epoch.Life);

    private IEnumerable<EndedEpoch> SinceHole => Entries.TakeWhile(static epoch => !epoch.IsHole);

    // From when on losses count that left no epoch in this log: the beginning of the epoch behind the last hole, or of the oldest one.
    private string? Known => SinceHole.LastOrDefault().Epoch;
}

/// <summary>An epoch of a log that has ended.</summary>
/// <param name="Epoch">Its name.</param>
/// <param name="Life">The life of Redis that began the next one, or <see cref="Lineage.Hole"/>.</param>
internal readonly record struct EndedEpoch(string Epoch, string Life)
{
    public bool IsHole => Life == Lineage.Hole;
}
