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

    /// <summary>Called when the user has shown a newer token. Rights that it does not have end at once, even while the webhook is away: what was granted
    /// before may come from the older token.</summary>
    public async Task RenewAsync(ClaimsPrincipal principal)
    {
        TopicAccess[] topics;
        lock (_gate)
        {
            _asker = Read(User.UserId, principal);
            _written.Clear();
            Array.ForEach(Forget_NeedsLock(AskedAgain), access => Set_NeedsLock(access, Forgotten)); // what the older token allowed does not count
            topics = [.. _topics.Values];
        }

        await Task.WhenAll([.. topics.Select(topic => AskAgainAsync(topic, renews: false)), ConnectAgainAsync(renews: false)]);
    }

    /// <summary>Called when the webhook's answers are said to have changed. Answers to earlier questions that are still under way no longer count. New
    /// ones are asked for in their turn (<see cref="AccessRenewals"/>), since this may be called for all connections at once.</summary>
    public void AskAgain()
    {
        if (!_sources.HasWebhook)
        {
            return; // the others do not change
        }

        var now = _table.Now;
        Renewal[] due;
        lock (_gate)
        {
            _asker = _asker with { };
            _written.Clear();
            foreach (var access in _topics.Values.Where(static access => !access.IsIn))
            {
                access.Granted = access.Granted with { RenewAt = now, ExpiresAt = now }; // if the connection is about to join it, this is asked then
            }

            due = [_renewal, .. _topics.Values.Where(static access => access.IsIn).Select(static access => access.Renewal!)];
        }

        foreach (var renewal in due)
        {
            _table.Renewals.Add(now, renewal);
        }
    }

    /// <summary>Called when an answer's time is coming to an end. Asks for another answer and applies it.</summary>
    public Task RenewAsync(Renewal renewal) => renewal.Topic is not { } topic ? ConnectAgainAsync(renews: true) : AskAgainAsync(topic, renews: true);

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
                    // While the webhook is away, its last answer counts for that answer's whole time. A question that does not renew it gets it anyway.
                    change = Apply_NeedsLock(access, renews && IsKept(answer, access.Granted) ? access.Granted : answer);
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
