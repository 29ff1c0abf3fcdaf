using Chat.Client.Topics;
using Chat.Client.Wire;

namespace Chat.Client;

// Fetches messages that were written in groups before the live ones: for a join, and for a new connection whose server did not send them by itself.
public sealed partial class ChatClient
{
    /// <summary>Returns the first answer.</summary>
    private async Task<HubArgument> JoinAndFetchAsync(string group, ChatPosition? since, CancellationToken cancellationToken)
    {
        var call = _topics.Hold(group);
        try
        {
            // Where the program has told the client to continue, and it has yet to, a join does.
            var answer = await (since is null && _topics.IsYetToContinue(call)
                ? FetchMissedAsync(call, "join", isWanted: false, cancellationToken)
                : FetchAsync(call, "join", since, since is not null, cancellationToken)).ConfigureAwait(false);
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

    // The group's live messages are held meanwhile. If the fetch fails, the next connection tries again, from the same position. If the user may be in the
    // group but not read its log, the messages go on behind a hole.
    private async Task ReturnAsync(HubLink link, TopicCall call, string method, CancellationToken over)
    {
        try
        {
            var answer = await FetchMissedAsync(call, method, isWanted: true, over).ConfigureAwait(false);
            if (call.IsDoubtful && method == "join")
            {
                link.End(); // the user has left it on another device, before or after this call: the next connection is told which
                return;
            }

            await FetchRestAsync(call, answer, over).ConfigureAwait(false);
            _topics.Returned(call);
        }
        catch (ChatException exception) when (exception.Code == "forbidden" && (method == "history" || call.HasBegun) && !over.IsCancellationRequested)
        {
            _topics.ReturnedWithHole(call);
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

    private async Task<HubArgument> FetchMissedAsync(TopicCall call, string method, bool isWanted, CancellationToken cancellationToken)
    {
        try
        {
            return await FetchAsync(call, method, _topics.PositionOf(call), isWanted, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatException exception) when (exception.Code == "forbidden" && method == "join")
        {
            // Whoever may not read the log may perhaps join.
            return await FetchAsync(call, method, since: null, isWanted, cancellationToken, leavesHole: true).ConfigureAwait(false) with { Recovered = false };
        }
    }

    /// <summary>Asks for a group's log after a position, and delivers the first part.</summary>
    private Task<HubArgument> FetchAsync(
        TopicCall call, string method, ChatPosition? since, bool isWanted, CancellationToken cancellationToken, bool leavesHole = false) => CallAsync(
        method,
        new HubArgument { Group = call.Topic, Since = since?.ToString() },
        cancellationToken,
        answer => _topics.Joined(call, StartOf(answer, since), answer.Recovered && !leavesHole, EntriesOf(answer), isWanted));

    /// <summary>Fetches and delivers the rest, up to where the held messages begin.</summary>
    private async Task FetchRestAsync(TopicCall call, HubArgument answer, CancellationToken cancellationToken)
    {
        while (answer is { Position: { } reached } && EntriesOf(answer).Any())
        {
            answer = await CallAsync(
                "history",
                new HubArgument { Group = call.Topic, Since = reached.ToString() },
                cancellationToken,
                more => _topics.Fetched(call, more.Recovered ? null : StartOf(more, since: null), EntriesOf(more))).ConfigureAwait(false);
        }
    }

    private static ChatPosition StartOf(HubArgument answer, ChatPosition? since) =>
        answer.Recovered && since is { } known ? known
        : EntriesOf(answer).Select(TopicStates.PositionOf).FirstOrDefault() is { } first ? first with { Offset = first.Offset - 1 }
        : answer.Position ?? default;

    // The user has left the group on another device, before or after this join. This call finds out which, because only members may read the log.
    private async Task AssureAsync(TopicCall call, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync("history", new HubArgument { Group = call.Topic, Limit = 1 }, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatException exception) when (exception.Code == "forbidden")
        {
            // Even a member may be forbidden to read the log.
        }
        catch (ChatException exception) when (exception.Code == "not_member")
        {
            _topics.Left(call.Topic, call.Life);
            throw;
        }
    }
}
