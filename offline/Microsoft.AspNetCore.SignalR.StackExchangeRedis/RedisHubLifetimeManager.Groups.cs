using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

// Groups. The node that holds the connection keeps what it is in; others ask that node.
public partial class RedisHubLifetimeManager<THub>
{
    /// <summary>Returns when whatever is sent to the group after that arrives, on whichever node the connection is.</summary>
    /// <exception cref="TaskCanceledException">No node has the connection, or its node did not answer in time or could not do it.</exception>
    public override Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        ArgumentNullException.ThrowIfNull(groupName);
        return _connections.TryGetValue(connectionId, out var local)
            ? _listeners.AddAsync(_channels.Group(groupName), local, ReceiveAsync, cancellationToken)
            : AskForGroupAsync(connectionId, groupName, joins: true, cancellationToken);
    }

    /// <summary>Returns when nothing that is sent to the group after that arrives, on whichever node the connection is.</summary>
    /// <exception cref="TaskCanceledException">No node has the connection, or its node did not answer in time.</exception>
    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        ArgumentNullException.ThrowIfNull(groupName);
        return _connections.TryGetValue(connectionId, out var local)
            ? _listeners.RemoveAsync(_channels.Group(groupName), local, cancellationToken)
            : AskForGroupAsync(connectionId, groupName, joins: false, cancellationToken);
    }

    private async Task AskForGroupAsync(string connectionId, string groupName, bool joins, CancellationToken cancellationToken)
    {
        var failure = await AskAsync(connectionId, question => FrameWriter.Group(question, _node, joins, groupName), cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            // The type that the real package's callers know, with the reason it does not give.
            throw new TaskCanceledException(failure, new TimeoutException(failure));
        }
    }

    private async Task<bool> SetGroupAsync(LocalConnection local, GroupFrame request)
    {
        try
        {
            var channel = _channels.Group(request.Group);
            await (request.Joins
                ? _listeners.AddAsync(channel, local, ReceiveAsync, CancellationToken.None)
                : _listeners.RemoveAsync(channel, local, CancellationToken.None)).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure)
        {
            _logger.GroupRequestFailed(failure, local.Id);
            return false;
        }
    }

    /// <summary>Asks the node that holds a connection to do something.</summary>
    /// <returns>Null if it did, else why not.</returns>
    private async Task<string?> AskAsync(string connectionId, Func<long, byte[]> frameOf, CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false); // or no answer would be heard
        var asked = _time.GetTimestamp();
        var (question, answer) = _answers.Open();
        try
        {
            var frame = frameOf(question);
            while (true)
            {
                var listening = await PublishAsync(_channels.Connection(connectionId), frame, cancellationToken).ConfigureAwait(false);
                if (listening == 0 && _bus.CountsAll())
                {
                    return $"No node has connection {connectionId}.";
                }

                try
                {
                    return await answer.WaitAsync(_limits.AnswerCheck, _time, cancellationToken).ConfigureAwait(false)
                        ? null
                        : $"The node of connection {connectionId} could not do it.";
                }
                catch (TimeoutException) when (!answer.IsCompleted)
                {
                    if (_time.GetElapsedTime(asked) >= _limits.NodeAnswer)
                    {
                        return $"No node answered for connection {connectionId} within {_limits.NodeAnswer.TotalSeconds} s.";
                    }
                }

                // A question that came while the connection went is never answered. Not the same again: it may be under way.
                frame = FrameWriter.Probe("");
            }
        }
        finally
        {
            _answers.Close(question);
        }
    }
}
