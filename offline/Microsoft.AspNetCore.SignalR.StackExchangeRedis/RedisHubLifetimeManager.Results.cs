using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

// Results of clients. The node of the client passes on what it answers, unread; the one that asked reads it.
public partial class RedisHubLifetimeManager<THub>
{
    /// <summary>Calls the client's method and waits for its result: as long as the client is there, or until cancelled.</summary>
    /// <exception cref="HubException">The client's method failed.</exception>
    /// <exception cref="IOException">There is no such client, or it has gone.</exception>
    public override async Task<T> InvokeConnectionAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        var id = _results.NewId();
        var result = new AwaitedResult<T>(connectionId);
        _results.Add(id, result);
        try
        {
            return _connections.TryGetValue(connectionId, out var local)
                ? await InvokeLocalAsync(local, new InvocationMessage(id, methodName, args), result, cancellationToken).ConfigureAwait(false)
                : await InvokeRemoteAsync(id, _serializer.Call(methodName, args, id), result, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _results.Remove(id);
        }
    }

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return _results.SetAsync(connectionId, result);
    }

    public override bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type) => _results.TryGetType(invocationId, out type);

    private static async Task<T> InvokeLocalAsync<T>(
        LocalConnection local, InvocationMessage message, AwaitedResult<T> result, CancellationToken cancellationToken)
    {
        using var gone = FailWhenGone(local, result);
        await local.Context.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        return await result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // Sooner than its end is reported: that may be waiting for the very call that waits for the result.
    private static CancellationTokenRegistration FailWhenGone<T>(LocalConnection local, AwaitedResult<T> result) =>
        local.Context.ConnectionAborted.UnsafeRegister(
            static state => ((AwaitedResult<T>)state!).Fail(), result);

    private async Task<T> InvokeRemoteAsync<T>(string id, SerializedMessage[] call, AwaitedResult<T> result, CancellationToken cancellationToken)
    {
        try
        {
            var failure = await AskAsync(result.ConnectionId, question => FrameWriter.Invoke(question, _node, id, call), cancellationToken).ConfigureAwait(false);
            return failure is null
                ? await WatchAsync(id, result, cancellationToken).ConfigureAwait(false)
                : throw new IOException(failure);
        }
        finally
        {
            if (!result.Task.IsCompleted)
            {
                _bus.Post(_channels.Connection(result.ConnectionId), FrameWriter.Forget(id));
            }
        }
    }

    // The other node tells when the client goes, but may die itself.
    private async Task<T> WatchAsync<T>(string id, AwaitedResult<T> result, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await result.Task.WaitAsync(_limits.ResultCheck, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!result.Task.IsCompleted)
            {
                // Time to ask.
            }

            try
            {
                if (await AskAsync(result.ConnectionId, question => FrameWriter.Check(question, _node, id), cancellationToken).ConfigureAwait(false) is not null)
                {
                    await result.FailAsync(PendingResults.Gone(result.ConnectionId)).ConfigureAwait(false); // unless it has come meanwhile
                }
            }
            catch (Exception failure) when (failure is RedisException or TimeoutException)
            {
                _logger.CheckFailed(failure, result.ConnectionId);
            }
        }
    }

    private bool Invoke(LocalConnection local, InvokeFrame request)
    {
        if (local.Context.ConnectionAborted.IsCancellationRequested)
        {
            return false;
        }

        var reply = _channels.Node(request.ReplyTo);
        _results.Add(request.InvocationId, new RelayedResult(request.InvocationId, local, frame => ReplyAsync(reply, frame)));
        local.Deliver(request.Call);
        return true;
    }
}
