using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Aspire.StackExchange.Redis;

/// <summary>Turns Redis commands into activities of the same source as the real package's instrumentation.</summary>
/// <remarks>
/// StackExchange.Redis collects the commands of a context, here the activity that sent them, and hands them over when asked. This class asks every
/// second, and gets finished commands with the times that the client measured.
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
