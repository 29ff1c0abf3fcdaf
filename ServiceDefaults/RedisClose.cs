using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>Closes the Redis client after everything else has stopped: it is registered first, and stopped last.</summary>
/// <remarks>If the client were only disposed of, it would wait for Redis to answer a QUIT. A process that is stopping has no seconds to spare for a
/// frozen Redis.</remarks>
internal sealed class RedisClose(IConnectionMultiplexer redis) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => redis.CloseAsync(allowCommandsToComplete: false);
}
