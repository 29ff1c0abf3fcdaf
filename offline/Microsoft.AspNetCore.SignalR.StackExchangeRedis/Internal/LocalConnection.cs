using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>A client on this node.</summary>
internal sealed class LocalConnection(HubConnectionContext context, SignalLimits limits, ILogger logger)
{
    private readonly Lock _gate = new(); // guards _channels and _isClosed
    private readonly HashSet<string> _channels = [];
    private bool _isClosed;
    private long _unsentBytes;

    public HubConnectionContext Context => context;

    public string Id => context.ConnectionId;

    /// <summary>Notes that it listens to a channel. False where it does already, or has gone.</summary>
    public bool TryHold(string channel)
    {
        lock (_gate)
        {
            return !_isClosed && _channels.Add(channel);
        }
    }

    public void LetGo(string channel)
    {
        lock (_gate)
        {
            _channels.Remove(channel);
        }
    }

    /// <summary>From here on it holds nothing new. Returns what it holds still, for others to take away.</summary>
    public string[] Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            return [.. _channels];
        }
    }

    /// <summary>Starts sending. Never waits for the client, so that a slow one holds up nobody but itself.</summary>
    /// <remarks>The context sends in the order of the calls: whoever comes while it is busy stands in line.</remarks>
    public void Deliver(Call call)
    {
        if (!call.IsIn(context.Protocol.Name))
        {
            logger.ProtocolIsMissing(Id, context.Protocol.Name); // written, it would end the connection
            return;
        }

        var sending = context.WriteAsync(call.Message);
        if (sending.IsCompletedSuccessfully)
        {
            sending.GetAwaiter().GetResult();
            return;
        }

        if (Interlocked.Add(ref _unsentBytes, call.Bytes) > limits.UnsentBytes && !context.ConnectionAborted.IsCancellationRequested)
        {
            logger.ClientIsTooSlow(Id, limits.UnsentBytes);
            context.Abort();
        }

        // Ends with the connection at the latest, and catches everything itself.
        _ = FinishAsync(sending, call.Bytes);
    }

    private async Task FinishAsync(ValueTask sending, int bytes)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.SendFailed(failure, Id);
        }

        Interlocked.Add(ref _unsentBytes, -bytes);
    }
}
