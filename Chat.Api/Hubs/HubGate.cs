using Chat.Api.Backplane;
using Chat.Api.Connections;
using Microsoft.AspNetCore.SignalR;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>Step 1 of a message's path for hub clients: as many calls as other clients may send messages, whatever the
/// transport; and nothing of a fault of ours in an answer.</summary>
/// <remarks>SignalR's detailed errors are on, so that a client learns what is wrong with its arguments.</remarks>
internal sealed partial class HubGate(ConnectionTable connections, ILogger<ChatHub> logger) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        CheckRate(invocationContext.Context);
        if (invocationContext.HubMethodArguments.Contains(null))
        {
            throw HubError.Malformed("the argument is null.");
        }

        try
        {
            return await next(invocationContext);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or OperationCanceledException or BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
        catch (Exception exception) when (exception is not HubException)
        {
            Log.CallFailed(logger, exception, invocationContext.HubMethodName);
            throw HubError.Internal();
        }
    }

    private void CheckRate(HubCallerContext context)
    {
        var calls = context.Features.Get<HubRate>();
        if (calls is null)
        {
            calls = new HubRate(connections);
            context.Features.Set(calls);
        }

        connections.Metrics.Received();
        if (!calls.TryTake(context.Features.Get<HubClient>()!.Connection))
        {
            throw HubError.TooManyMessages();
        }
    }

    /// <summary>One connection's; SignalR makes one call of a connection at a time.</summary>
    private sealed class HubRate(ConnectionTable connections)
    {
        private TokenBucket _calls = new(connections.Options.MessagesPerSecond, connections.Options.MessageBurst, connections.Time);
        private TokenBucket _refusals = new(Math.Max(1, connections.Options.MessagesPerSecond / 10), connections.Options.MessageBurst, connections.Time);

        public bool TryTake(Connection connection)
        {
            if (_calls.TryTake())
            {
                return true;
            }

            connections.Metrics.Refused(nameof(ConnectionOptions.MessagesPerSecond));
            if (!_refusals.TryTake())
            {
                connection.Close(CloseReason.TooManyMessages);
            }

            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "HubCallFailed", Message = "A call of {Method} failed.")]
        public static partial void CallFailed(ILogger logger, Exception exception, string method);
    }
}
