namespace Chat.Api.Backplane;

/// <summary>How the epochs of a log follow from one another, as far as it is remembered.</summary>
/// <param name="Lives">Lives of Redis that began them, the newest first.</param>
/// <param name="Crossed">As many of these began after the epoch that the reader asked with.</param>
/// <param name="Broken">Those known to have lost something; asked whenever it matters, since that may become known later.</param>
internal sealed record Lineage(IReadOnlyList<string> Lives, int Crossed, BrokenLives Broken)
{
    public static readonly Lineage None = new([], 0, new BrokenLives());

    /// <summary>From the epoch that the reader asked with to that of the log.</summary>
    public (string From, string To) Epochs { get; init; } = ("", "");

    /// <summary>Whether whoever has come to the log's epoch from an earlier one may have missed what was lost with a life of Redis: the log
    /// went over into that life, or, unused in it, past it.</summary>
    public bool HasPassed(string life) => Lives.Contains(life) || (Lives.Count > 0 && Broken.HasBegunBefore(life, Epochs.To));

    /// <summary>Whether something acknowledged may be missing between the reader's epoch and now, though its position is there.</summary>
    public bool IsBroken
    {
        get
        {
            for (var i = 0; i < Crossed; i++)
            {
                if (Broken.Contains(Lives[i]))
                {
                    return true;
                }
            }

            return Crossed > 0 && Broken.HasBegunBetween(Epochs.From, Epochs.To, Lives);
        }
    }
}
