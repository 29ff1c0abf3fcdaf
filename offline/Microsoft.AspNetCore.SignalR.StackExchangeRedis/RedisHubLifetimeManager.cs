using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

/// <summary>The connections of one hub on one node.</summary>
public class RedisHubLifetimeManager<THub>(ILogger<RedisHubLifetimeManager<THub>> logger) : DefaultHubLifetimeManager<THub>(logger), IDisposable
    where THub : Hub
{
    public void Dispose() => GC.SuppressFinalize(this);
}
