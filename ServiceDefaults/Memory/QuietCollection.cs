using System.Diagnostics;
using System.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Memory;

/// <summary>Collects garbage while a process has nothing to do, and gives the memory back. Otherwise, the garbage of a storm of clients would stay
/// until the next collection, which is far away precisely when nothing goes on.</summary>
/// <remarks>Most of a process's memory is what it keeps for its clients. But the runtime lets garbage grow to the size of the processor's cache, or
/// as far as a setting allows (<c>System.GC.Gen0MaxBudget</c>), and does not give back by itself what it once had.</remarks>
internal sealed partial class QuietCollection(IOptions<MemoryOptions> options, TimeProvider time, ILogger<QuietCollection> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly long _start = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.QuietHeap == 0)
        {
            return;
        }

        var moments = new QuietMoments(options.Value.QuietHeap);
        using var timer = new PeriodicTimer(Round, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (moments.MayCome(GC.GetTotalAllocatedBytes()) && moments.IsOne(Look()))
            {
                var pause = Collect();
                moments.Used(Look(), pause);
            }
        }
    }

    private TimeSpan Collect()
    {
        var before = Environment.WorkingSet;
        var begin = Stopwatch.GetTimestamp();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // the other modes keep the memory for later
        var pause = Stopwatch.GetElapsedTime(begin);
        Log.Collected(logger, pause.TotalMilliseconds, (before - Environment.WorkingSet) / 1024 / 1024);
        return pause;
    }

    private QuietMoments.Look Look() => new(
        time.GetElapsedTime(_start), Environment.CpuUsage.TotalTime - JitInfo.GetCompilationTime(), GC.GetTotalAllocatedBytes(), GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "Collected",
            Message = "Collected garbage, with nothing else to do: it took {Milliseconds:F0} ms and gave back {Megabytes} MiB.")]
        public static partial void Collected(ILogger logger, double milliseconds, long megabytes);
    }
}
