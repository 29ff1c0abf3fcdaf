using System.Buffers;
using Chat.Api.Backplane;
using Chat.Api.Connections;

namespace Chat.Api.Topics;

/// <summary>A position in a topic's log, as a client gives it: <c>{epoch}:{offset}</c>.</summary>
internal readonly record struct LogPosition(string Epoch, long Offset)
{
    private static readonly SearchValues<char> EpochCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    public static bool TryParse(string text, out LogPosition position)
    {
        position = default;
        var colon = text.LastIndexOf(':');
        if (colon is < 1 or > 32
            || !long.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var offset)
            || text.AsSpan(0, colon).ContainsAnyExcept(EpochCharacters))
        {
            return false;
        }

        position = new LogPosition(text[..colon], offset);
        return true;
    }
}

/// <summary>Brings a member up from where it was, then lets it go live: no gap, no duplicate.</summary>
/// <remarks>The member joins first, its live frames held; the log is read up to the position at which it joined;
/// both go into the outbox in that order.</remarks>
internal static class TopicReplay
{
    /// <exception cref="BackplaneUnavailableException">Redis did not answer; the member is not in the topic.</exception>
    public static async Task<Member> JoinAsync(LocalTopic topic, Connection connection, LogPosition since, IBackplane backplane)
    {
        var member = topic.JoinHeld(connection, since, out var epoch, out var joinedAt);
        await CatchUpAsync(member, since, epoch, joinedAt, backplane);
        return member;
    }

    /// <summary>The second half: for a member that joined, held, at a position.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer; the member is no longer in the topic.</exception>
    public static async Task CatchUpAsync(Member member, LogPosition since, string epoch, long joinedAt, IBackplane backplane)
    {
        var topic = member.Topic;
        try
        {
            if (since.Epoch == epoch && since.Offset > joinedAt)
            {
                if (await IsAheadAsync(topic, since, joinedAt, backplane))
                {
                    Tell(member, epoch, since.Offset, recovered: true);
                    GoLive(member);
                    return;
                }

                topic.JoinAnew(member, out epoch, out joinedAt);
                since = default;
            }

            // A position of another life is not worth anything: the client gets what there is, and is told that this
            // may not be all.
            var known = since.Epoch == epoch;
            var from = known ? since.Offset : 0;
            var page = from < joinedAt
                ? await backplane.ReadAsync(topic.Topic, epoch, from, (int)Math.Min(joinedAt - from, int.MaxValue))
                : new LogPage(epoch, joinedAt, []);
            var start = FirstOffset(page, joinedAt) - 1;
            Tell(member, epoch, start, recovered: known && start == since.Offset);
            await SendAsync(topic, member.Connection, page, joinedAt);
            GoLive(member);
        }
        catch
        {
            topic.Leave(member);
            throw;
        }
    }

    // The client's last node was ahead of this one, to which the rest is still on its way; or the position is made up,
    // or lost with Redis. Only the log knows.
    private static async Task<bool> IsAheadAsync(LocalTopic topic, LogPosition since, long joinedAt, IBackplane backplane)
    {
        var log = await backplane.ReadAsync(topic.Topic, since.Epoch, joinedAt, limit: 0);
        return log.Epoch == since.Epoch && log.Last >= since.Offset;
    }

    private static void Tell(Member member, string epoch, long offset, bool recovered)
    {
        if (member.Connection.Format.Subscribed(member.Topic.Topic, epoch, offset, recovered) is { } frame)
        {
            member.Connection.Enqueue(frame);
        }
    }

    private static long FirstOffset(LogPage page, long joinedAt)
    {
        foreach (var utf8 in page.Envelopes)
        {
            if (Envelope.TryParse(utf8, out var envelope))
            {
                return Math.Min(envelope.Offset, joinedAt + 1);
            }
        }

        return joinedAt + 1;
    }

    private static async Task SendAsync(LocalTopic topic, Connection connection, LogPage page, long joinedAt)
    {
        // Together, as far as there is room: when a node has died, thousands come at once, each with many messages missed.
        SendBatch.Begin();
        try
        {
            foreach (var utf8 in page.Envelopes)
            {
                if (connection.HasRoomAsync() is { IsCompleted: false } room)
                {
                    SendBatch.End(); // a batch belongs to a thread, and what is in it is what is waited for
                    await room;
                    SendBatch.Begin();
                }

                Send(topic, connection, utf8, joinedAt);
            }
        }
        finally
        {
            SendBatch.End();
        }
    }

    private static void GoLive(Member member)
    {
        SendBatch.Begin(); // not one by one, while the topic waits
        try
        {
            member.Topic.Release(member);
        }
        finally
        {
            SendBatch.End();
        }
    }

    private static void Send(LocalTopic topic, Connection connection, byte[] utf8, long joinedAt)
    {
        if (Envelope.TryParse(utf8, out var envelope) && envelope.Offset <= joinedAt
            && connection.Format.Message(topic.Topic, envelope) is { } frame)
        {
            connection.Enqueue(frame);
        }
    }
}
