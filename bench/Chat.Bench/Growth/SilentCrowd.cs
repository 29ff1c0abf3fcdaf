using System.Globalization;
using Chat.Tests.Support;

namespace Chat.Bench.Growth;

/// <summary>Silent connections. Further processes of this program hold them, since one process alone may not have so many open files.</summary>
internal sealed class SilentCrowd(BenchOptions options, IReadOnlyList<Uri> doors) : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly List<ChildProcess> _holders = [];
    private int _count;
    private int _started; // processes started so far; several start at once

    /// <summary>Returns when there are this many connections, including those that were there before.</summary>
    public async Task GrowAsync(int count)
    {
        var (holders, each) = (new List<Task>(), Capacity.OfProcess);
        for (var missing = count - _count; missing > 0; missing -= each)
        {
            holders.Add(HoldAsync(Math.Min(missing, each)));
        }

        await Task.WhenAll(holders);
        _count = Math.Max(_count, count);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_holders.Select(holder => holder.DisposeAsync().AsTask()));

    private async Task HoldAsync(int count)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Chat.Bench.dll"), Number($"idle:{count}"), HoldRun.Option, "--door", options.Door,
            "--at-once", Number($"{options.AtOnce}"), "--before", Number($"{++_started * Clients.Place.PerAddress}"),
            .. doors.SelectMany(door => new[] { "--url", door.ToString() }), .. options.Key is { } key ? ["--key", key] : Array.Empty<string>(),
        ];
        var holder = await ChildProcess.StartAsync("dotnet", arguments, new Dictionary<string, string>());
        _holders.Add(holder);
        using var ticks = new PeriodicTimer(Poll);
        while (!holder.Output.Contains(HoldRun.Done, StringComparison.Ordinal))
        {
            if (holder.HasExited)
            {
                throw new InvalidOperationException($"{count} silent connections did not come in:\n{holder.Output}");
            }

            await ticks.WaitForNextTickAsync();
        }
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
