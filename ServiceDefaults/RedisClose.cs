using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>Closes the Redis client when everybody else has stopped: registered first, stopped last.</summary>
/// <remarks>Left to its disposal, the client would wait for Redis to answer a QUIT, and the time to stop has no seconds to
/// spare for a Redis that is frozen.</remarks>
internal sealed class RedisClose(IConnectionMultiplexer redis) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => redis.CloseAsync(allowCommandsToComplete: false);
}
