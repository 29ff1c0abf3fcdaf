namespace Chat.Api.Backplane;

/// <summary>A piece of a log.</summary>
/// <param name="Epoch">Which life of the log this is.</param>
/// <param name="Last">The offset of the last message published.</param>
/// <param name="Envelopes">In order, after the offset asked for or <paramref name="Common"/>, whichever is less; empty if the epoch
/// asked for is not known. Each has the epoch it was published in, one of the log's lineage.</param>
/// <param name="Common">Up to which offset the epoch asked for and this log are one history; -1: that epoch is not known.</param>
internal sealed record LogPage(string Epoch, long Last, IReadOnlyList<byte[]> Envelopes, long Common = -1)
{
    /// <summary>The epochs before this one.</summary>
    public Lineage Lineage { get; init; } = Lineage.None;

    /// <summary>Whether the log goes on from an offset of the epoch asked for, without anything acknowledged missing in between.</summary>
    public bool Continues(long offset) => offset <= Common && !Lineage.IsBroken;

    /// <summary>Reads a log of whose present epoch nobody can have a position without knowing what was lost before it.</summary>
    /// <param name="read">Reads; an epoch it is given it ends behind a hole, if that is the log's, unless it is empty.</param>
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
