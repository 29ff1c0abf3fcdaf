using Chat.Api.Backplane;
using Chat.Api.Connections;
using Microsoft.AspNetCore.SignalR;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>Step 1 of a message's path for hub clients. It limits calls on every transport as the messages of other clients are limited, and keeps
/// the details of our own faults out of answers.</summary>
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
        connections.Metrics.Received();
        var connection = context.Features.Get<HubClient>()!.Connection;
        var excess = connection.Allowance.Take(0, connection); // bytes are counted where they are known
        if (excess != Excess.None)
        {
            throw HubError.Of(excess);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "HubCallFailed", Message = "A call of {Method} failed.")]
        public static partial void CallFailed(ILogger logger, Exception exception, string method);
    }
}
