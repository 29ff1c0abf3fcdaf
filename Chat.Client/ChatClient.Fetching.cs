using Chat.Client.Topics;
using Chat.Client.Wire;

namespace Chat.Client;

// What was written in groups before what comes: fetched by who joins, and by a connection that was not told.
public sealed partial class ChatClient
{
    /// <summary>Returns the first answer.</summary>
    private async Task<HubArgument> JoinAndFetchAsync(string group, ChatPosition? since, CancellationToken cancellationToken)
    {
        var call = _topics.Hold(group);
        try
        {
            var answer = await FetchAsync(call, "join", since, since is not null, cancellationToken).ConfigureAwait(false);
            if (call.IsDoubtful)
            {
                await AssureAsync(call, cancellationToken).ConfigureAwait(false);
            }

            await FetchRestAsync(call, answer, cancellationToken).ConfigureAwait(false);
            _topics.Release(call);
            return answer;
        }
        catch (Exception exception)
        {
            _topics.Abandon(call, isLast: exception is ChatException { Code: "stopped" or "refused" });
            throw;
        }
    }

    // Messages of the group are held meanwhile. If it can't be, the next connection tries again, from the same position.
    private async Task ReturnAsync(HubLink link, TopicCall call, string method, CancellationToken over)
    {
        try
        {
            var answer = await FetchAsync(call, method, _topics.PositionOf(call), isWanted: true, over).ConfigureAwait(false);
            if (call.IsDoubtful && method == "join")
            {
                link.End(); // the user has left it on another device, before this or after: the next connection is told
                return;
            }

            await FetchRestAsync(call, answer, over).ConfigureAwait(false);
            _topics.Returned(call);
        }
        catch (ChatException exception) when (!over.IsCancellationRequested)
        {
            Log.NotBack(_options.Logger, exception.Code);
            if (exception.IsWorthRetrying || exception.Code == "timeout")
            {
                link.End();
            }
            else
            {
                _topics.Left(call.Topic, call.Life);
            }
        }
        catch (Exception exception) when (exception is ChatException or OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    /// <summary>Asks for what a group's log has after a position, and gives what comes first.</summary>
    private Task<HubArgument> FetchAsync(TopicCall call, string method, ChatPosition? since, bool isWanted, CancellationToken cancellationToken) => CallAsync(
        method,
        new HubArgument { Group = call.Topic, Since = since?.ToString() },
        cancellationToken,
        answer => _topics.Joined(call, StartOf(answer, since), answer.Recovered, MessagesOf(answer), isWanted));

    /// <summary>Gives the rest, up to where what is held begins.</summary>
    private async Task FetchRestAsync(TopicCall call, HubArgument answer, CancellationToken cancellationToken)
    {
        while (answer is { Messages.Length: > 0, Position: { } reached })
        {
            answer = await CallAsync(
                "history",
                new HubArgument { Group = call.Topic, Since = reached.ToString() },
                cancellationToken,
                more => _topics.Fetched(call, more.Recovered ? null : StartOf(more, since: null), MessagesOf(more))).ConfigureAwait(false);
        }
    }

    private static ChatPosition StartOf(HubArgument answer, ChatPosition? since) =>
        answer.Recovered && since is { } known ? known
        : answer.Messages is [{ Position: { } first }, ..] ? first with { Offset = first.Offset - 1 }
        : answer.Position ?? default;

    // The user has left the group on another device before this call, or after it: whoever is not in it may not read its log.
    private async Task AssureAsync(TopicCall call, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync("history", new HubArgument { Group = call.Topic, Limit = 1 }, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatException exception) when (exception.Code == "forbidden")
        {
            // Who is in it may not, either.
        }
        catch (ChatException exception) when (exception.Code == "not_member")
        {
            _topics.Left(call.Topic, call.Life);
            throw;
        }
    }
}
