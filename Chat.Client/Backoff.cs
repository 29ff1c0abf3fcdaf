namespace Chat.Client;

/// <summary>Pauses between attempts: exponential, with full jitter, so that the clients of a dead node do not come back all at once.</summary>
/// <remarks>After "Exponential Backoff And Jitter" of the AWS Architecture Blog.</remarks>
internal static class Backoff
{
    private const int MostDoublings = 30;

    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest) =>
        Random.Shared.NextDouble() * (longest.Ticks < first.Ticks * Math.Pow(2, Math.Min(failures, MostDoublings)) ? longest : first * Math.Pow(2, Math.Min(failures, MostDoublings)));
}
