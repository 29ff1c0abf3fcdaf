using Microsoft.AspNetCore.SignalR.Protocol;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>A result that a client has been asked for.</summary>
internal abstract class PendingResult(string connectionId)
{
    private int _isTaken;

    public string ConnectionId => connectionId;

    /// <summary>True once: there is one answer.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    /// <summary>What the client's protocol is to read it as.</summary>
    public abstract Type Type { get; }

    public abstract Task SetAsync(CompletionMessage completion);

    /// <summary>There will be none.</summary>
    public abstract Task FailAsync(Exception reason);
}

/// <summary>A result that code on this node waits for.</summary>
internal sealed class AwaitedResult<T>(string connectionId) : PendingResult(connectionId)
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Type Type => typeof(T);

    public Task<T> Task => _result.Task;

    public override Task SetAsync(CompletionMessage completion)
    {
        if (completion is { HasResult: true, Result: T result })
        {
            _result.TrySetResult(result);
        }
        else if (completion is { HasResult: true, Result: null } && default(T) is null)
        {
            _result.TrySetResult(default!);
        }
        else
        {
            _result.TrySetException(new HubException(completion.Error ?? "The client gave no result of the type that was asked for."));
        }

        return System.Threading.Tasks.Task.CompletedTask;
    }

    public override Task FailAsync(Exception reason)
    {
        _result.TrySetException(reason);
        return System.Threading.Tasks.Task.CompletedTask;
    }

    public void Fail() => _result.TrySetException(PendingResults.Gone(ConnectionId));
}

/// <summary>A result that another node waits for: passed on unread, as the client's protocol wrote it.</summary>
internal sealed class RelayedResult(string invocationId, LocalConnection connection, Func<byte[], Task> reply) : PendingResult(connection.Id)
{
    public override Type Type => typeof(RawResult);

    public override Task SetAsync(CompletionMessage completion)
    {
        var protocol = connection.Context.Protocol;
        return reply(FrameWriter.Result(invocationId, protocol.Name, protocol.GetMessageBytes(completion).Span));
    }

    public override Task FailAsync(Exception reason) => reply(FrameWriter.Result(invocationId, "", []));
}
