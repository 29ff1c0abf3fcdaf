using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>SignalR's Redis backplane on the node's own Redis client. It does not own that client.</summary>
internal sealed partial class ChatHubLifetime(
    ILogger<RedisHubLifetimeManager<ChatHub>> logger, IOptions<RedisOptions> options, IHubProtocolResolver protocols,
    IOptions<HubOptions> globalOptions, IOptions<HubOptions<ChatHub>> hubOptions, ILogger<ChatHub> ownLogger)
    : RedisHubLifetimeManager<ChatHub>(logger, options, protocols, globalOptions, hubOptions), IDisposable
{
    /// <summary>Forgets the connection; its subscriptions in Redis end in the background.</summary>
    /// <remarks>They end one after the other, and each may wait seconds for a frozen Redis. The connection's request would otherwise last as long,
    /// and a stopping node waits for its requests.</remarks>
    public override Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        _ = UnsubscribeAsync(base.OnDisconnectedAsync(connection));
        return Task.CompletedTask;
    }

    /// <remarks>The base class unsubscribes from every channel. That throws if Redis does not answer, or if the client is closed, which it always is
    /// by then (<c>RedisClose</c>); closing it has ended the subscriptions. An exception while the container is disposed would abort the
    /// process.</remarks>
    void IDisposable.Dispose()
    {
        try
        {
            Dispose();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or RedisException or TimeoutException)
        {
            // There is nothing left to unsubscribe from.
        }
    }

    private async Task UnsubscribeAsync(Task unsubscribing)
    {
        try
        {
            await unsubscribing;
        }
        catch (Exception exception) when (exception is ObjectDisposedException or RedisException or TimeoutException or OperationCanceledException)
        {
            Log.NotUnsubscribed(ownLogger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "NotUnsubscribed", Message = "Redis may still send signals for a connection that has ended.")]
        public static partial void NotUnsubscribed(ILogger logger, Exception exception);
    }
}
