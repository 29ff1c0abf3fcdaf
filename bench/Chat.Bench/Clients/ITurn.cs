namespace Chat.Bench.Clients;

/// <summary>A task that a loop carries out besides receiving, until it is done.</summary>
internal interface ITurn
{
    /// <summary>Does the work that is due. Returns when there is more to do, or null when all is done. May be called sooner as well.</summary>
    long? Do(Loop loop, long now);
}
