using Chat.Api.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>Step 1 of a message's path for hub clients: as many calls as other clients may send messages, whatever the transport.</summary>
internal sealed class HubLimits(ConnectionTable connections) : IHubFilter
{
    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var calls = invocationContext.Context.Features.Get<HubRate>();
        if (calls is null)
        {
            calls = new HubRate(connections);
            invocationContext.Context.Features.Set(calls);
        }

        connections.Metrics.Received();
        return calls.TryTake(invocationContext.Context.Features.Get<HubClient>()!.Connection)
            ? next(invocationContext)
            : ValueTask.FromException<object?>(HubError.TooManyMessages());
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
}
