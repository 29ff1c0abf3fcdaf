using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>
/// Closes the Redis client when everybody else has stopped: registered first, stopped last. Left to its disposal, an
/// older client waits up to seconds for Redis to answer a QUIT, which the time to stop does not have.
/// </summary>
internal sealed class RedisClose(IConnectionMultiplexer redis) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => redis.CloseAsync(allowCommandsToComplete: false);
}
