using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>Closes the Redis client when everybody else has stopped: registered first, stopped last.</summary>
/// <remarks>If it were left to be disposed of, the client would wait for Redis to answer a QUIT, and a stopping process has no seconds to
/// spare for a Redis that is frozen.</remarks>
internal sealed class RedisClose(IConnectionMultiplexer redis) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => redis.CloseAsync(allowCommandsToComplete: false);
}
