using System.Security.Claims;

namespace Chat.Api.Access;

/// <remarks>The part about asking again: when an answer's time comes to an end, when the user shows a newer token, and when something is said to have
/// changed.</remarks>
internal sealed partial class ConnectionAccess
{
    /// <summary>Asks whether the user may be connected, and keeps that answer renewed from then on.</summary>
    public async Task AskToConnectAsync()
    {
        var answer = await ConnectAnswerAsync(renews: false);
        _table.Renewals.Add(answer.RenewAt, _renewal);
    }

    /// <summary>Called when the user has shown a newer token. Rights that it does not have end at once.</summary>
    public Task RenewAsync(ClaimsPrincipal principal) => AskAgainAsync(Read(User.UserId, principal));

    /// <summary>Asks for everything anew. Answers to earlier questions that are still under way no longer count.</summary>
    public Task AskAgainAsync() => AskAgainAsync(_asker with { });

    /// <summary>Called when an answer's time is coming to an end. Asks for another answer and applies it.</summary>
    public Task RenewAsync(Renewal renewal) => renewal.Topic is not { } topic ? ConnectAgainAsync(renews: true) : AskAgainAsync(topic, renews: true);

    private async Task AskAgainAsync(Asker asker)
    {
        TopicAccess[] topics;
        lock (_gate)
        {
            _asker = asker;
            _written.Clear();
            topics = [.. _topics.Values];
        }

        await Task.WhenAll([.. topics.Select(topic => AskAgainAsync(topic, renews: false)), ConnectAgainAsync(renews: false)]);
    }

    private async Task AskAgainAsync(TopicAccess access, bool renews)
    {
        AccessAnswer answer;
        Change change;
        while (true)
        {
            var asker = _asker;
            answer = await _sources.AskAsync(asker, access.Topic, renews);
            lock (_gate)
            {
                if (IsStill_NeedsLock(asker))
                {
                    // While the webhook is away, its last answer counts for that answer's whole time.
                    change = Apply_NeedsLock(access, IsKept(answer, access.Granted) ? access.Granted : answer);
                    break;
                }
            }
        }

        Tell(change);
        if (access.IsIn)
        {
            _table.Renewals.Add(answer.RenewAt, access.Renewal!);
        }
    }

    private async Task ConnectAgainAsync(bool renews)
    {
        var answer = await ConnectAnswerAsync(renews);
        if (!MayConnect)
        {
            _connection?.Close(Refusal);
        }

        _table.Renewals.Add(answer.RenewAt, _renewal);
    }

    private async Task<AccessAnswer> ConnectAnswerAsync(bool renews)
    {
        while (true)
        {
            var asker = _asker;
            var answer = await _sources.AskToConnectAsync(asker, renews);
            lock (_gate)
            {
                if (IsStill_NeedsLock(asker))
                {
                    _connect = IsKept(answer, _connect) ? _connect : answer;
                    return answer;
                }
            }
        }
    }

    private bool IsKept(AccessAnswer answer, AccessAnswer before) => answer.IsAway && !before.IsAway && !_table.IsOver(before.ExpiresAt);
}
