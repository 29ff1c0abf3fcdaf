using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Aspire.StackExchange.Redis;

/// <summary>Turns Redis commands into activities of the source the real package's instrumentation has.</summary>
/// <remarks>
/// StackExchange.Redis collects the commands of a context, here the activity they were sent from, and hands them over
/// when asked. They are asked for every second, as finished spans with the times the client measured.
/// </remarks>
internal sealed class RedisTracing(IConnectionMultiplexer redis, TimeProvider time) : BackgroundService
{
    private static readonly ActivitySource Source = new("OpenTelemetry.Instrumentation.StackExchangeRedis");
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var profiler = new ActivityProfiler(time);
        redis.RegisterProfiler(profiler.GetSession);
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                profiler.Flush(Source);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            profiler.Flush(Source);
        }
    }
}
