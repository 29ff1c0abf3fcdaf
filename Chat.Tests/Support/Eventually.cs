namespace Chat.Tests.Support;

/// <summary>Waits for a state that nothing signals, such as another process's view of the cluster.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(25); // only a failing test waits this long; less than the 30 s after which silent connections end by themselves

    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()), Deadline);

    /// <summary>For conditions that take longer, such as the start of many processes.</summary>
    public static Task TrueAsync(Func<bool> condition, TimeSpan within) => TrueAsync(() => Task.FromResult(condition()), within);

    public static Task TrueAsync(Func<Task<bool>> condition) => TrueAsync(condition, Deadline);

    private static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"Not so within {within.TotalSeconds} s.");
            }

            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
