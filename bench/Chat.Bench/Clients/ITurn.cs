namespace Chat.Bench.Clients;

/// <summary>What a loop does beside listening, until it is done.</summary>
internal interface ITurn
{
    /// <summary>Does what is due, and returns when there is more to do; null: it is over. Called sooner as well.</summary>
    long? Do(Loop loop, long now);
}
