namespace Chat.Api.Backplane;

/// <summary>A piece of a log.</summary>
/// <param name="Epoch">The life of the log.</param>
/// <param name="Last">The offset of the last message published.</param>
/// <param name="Envelopes">In order, after the offset asked for or <paramref name="Common"/>, whichever is less; empty if the epoch
/// asked for is not known. Each has the epoch it was published in, one of the log's lineage.</param>
/// <param name="Common">The offset up to which the epoch asked for and this log are one history; -1 if that epoch is not known.</param>
internal sealed record LogPage(string Epoch, long Last, IReadOnlyList<byte[]> Envelopes, long Common = -1)
{
    /// <summary>The epochs before this one.</summary>
    public Lineage Lineage { get; init; } = Lineage.None;

    /// <summary>Whether the log continues from an offset of the epoch asked for, with nothing acknowledged missing in between.</summary>
    public bool Continues(long offset) => offset <= Common && !Lineage.IsBroken;

    /// <summary>Reads a log in such a way that nobody can have a position of its present epoch without knowing what was lost before it.</summary>
    /// <param name="read">Reads the log. If it is given the log's present epoch, it ends that epoch with a hole. Given an empty epoch, it
    /// only reads.</param>
    public static async Task<LogPage> WithoutDoubtsAsync(Func<string, Task<LogPage>> read)
    {
        var page = await read("");
        while (page.Lineage.IsDoubted)
        {
            page = await read(page.Epoch);
        }

        return page;
    }
}
