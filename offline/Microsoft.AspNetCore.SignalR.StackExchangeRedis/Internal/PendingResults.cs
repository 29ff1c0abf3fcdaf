using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Every result that a client of this node, or of another for this one, has been asked for and not given.</summary>
internal sealed class PendingResults(string node, HubSerializer serializer, ILogger logger) : IInvocationBinder, IDisposable
{
    private readonly ConcurrentDictionary<string, PendingResult> _results = new(StringComparer.Ordinal);
    private long _last;
    private volatile bool _isDisposed;

    public int Count => _results.Count;

    public bool IsPending(string invocationId) => _results.ContainsKey(invocationId);

    /// <summary>An id unlike any other node's, and unlike those that clients give their own calls.</summary>
    public string NewId() => $"s{node}-{Interlocked.Increment(ref _last)}";

    public void Add(string invocationId, PendingResult result)
    {
        _results[invocationId] = result;
        if (_isDisposed)
        {
            Dispose();
        }
    }

    public void Remove(string invocationId) => _results.TryRemove(invocationId, out _);

    public bool TryGetType(string invocationId, [NotNullWhen(true)] out Type? type)
    {
        type = _results.TryGetValue(invocationId, out var result) ? result.Type : null;
        return type is not null;
    }

    /// <summary>A client of this node has answered.</summary>
    /// <exception cref="InvalidOperationException">It was another client that had been asked.</exception>
    public Task SetAsync(string connectionId, CompletionMessage completion)
    {
        if (completion.InvocationId is not { } id || !_results.TryGetValue(id, out var result))
        {
            return Task.CompletedTask; // too late
        }

        if (result.ConnectionId != connectionId)
        {
            throw new InvalidOperationException($"Connection {connectionId} was not asked for the result {id}.");
        }

        if (!result.TryTake())
        {
            return Task.CompletedTask;
        }

        try
        {
            return result.SetAsync(completion);
        }
        finally
        {
            // Last: who asks whether it is still pending, and is told no, has been sent the result before.
            _results.TryRemove(new(id, result));
        }
    }

    /// <summary>A client of another node has answered, or has gone.</summary>
    public Task SetAsync(ResultFrame frame)
    {
        if (!_results.TryGetValue(frame.InvocationId, out var result) || result is RelayedResult)
        {
            return Task.CompletedTask;
        }

        if (frame.Completion.IsEmpty)
        {
            _results.TryRemove(frame.InvocationId, out _);
            return result.FailAsync(Gone(result.ConnectionId));
        }

        Task setting;
        try
        {
            var bytes = new ReadOnlySequence<byte>(frame.Completion);
            setting = serializer.Find(frame.Protocol)?.TryParseMessage(ref bytes, this, out var message) == true && message is CompletionMessage completion
                ? result.SetAsync(completion)
                : result.FailAsync(new InvalidDataException($"The result of connection {result.ConnectionId} cannot be read."));
        }
        catch (Exception failure)
        {
            logger.ResultUnreadable(failure, frame.InvocationId);
            setting = result.FailAsync(failure);
        }

        _results.TryRemove(frame.InvocationId, out _);
        return setting;
    }

    /// <summary>A client of this node has gone: nobody need wait for its results.</summary>
    public async Task FailAsync(string connectionId)
    {
        foreach (var (id, result) in _results)
        {
            if (result.ConnectionId == connectionId && result.TryTake())
            {
                var failing = result.FailAsync(Gone(connectionId));
                _results.TryRemove(new(id, result));
                await failing.ConfigureAwait(false);
            }
        }
    }

    public static IOException Gone(string connectionId) => new($"Connection {connectionId} has gone without giving the result.");

    public void Dispose()
    {
        _isDisposed = true;
        foreach (var (id, result) in _results)
        {
            if (result is not RelayedResult && _results.TryRemove(new(id, result)))
            {
                // Ends tasks of this node: done when it returns.
                result.FailAsync(new ObjectDisposedException(nameof(PendingResults), "The hub has ended.")).GetAwaiter().GetResult();
            }
        }

        _results.Clear(); // what others wait for, they learn with their next check
    }

    Type IInvocationBinder.GetReturnType(string invocationId) =>
        TryGetType(invocationId, out var type) ? type : throw new InvalidDataException($"Nobody waits for {invocationId}.");

    IReadOnlyList<Type> IInvocationBinder.GetParameterTypes(string methodName) => throw new InvalidDataException("A call, where a result belongs.");

    Type IInvocationBinder.GetStreamItemType(string streamId) => throw new InvalidDataException("An item, where a result belongs.");
}
