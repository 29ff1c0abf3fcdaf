using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Brings a member up from where it was, then lets it go live: no gap, no duplicate.</summary>
/// <remarks>The member joins first, its live frames held; the log is read up to the position at which it joined;
/// both go into the outbox in that order, piece by piece.</remarks>
internal static class TopicReplay
{
    private const int PageSize = 256;

    /// <param name="topic">The topic.</param>
    /// <param name="connection">The member's.</param>
    /// <param name="since">What its client has already.</param>
    /// <param name="backplane">Where the log is.</param>
    /// <param name="isLetIn">Asked when the member has joined, and before anything is sent to it; null: it is.</param>
    /// <returns>Null: it was not let in.</returns>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer; the member is not in the topic.</exception>
    public static async Task<Member?> JoinAsync(LocalTopic topic, Connection connection, LogPosition since, IBackplane backplane, Func<Member, bool>? isLetIn = null)
    {
        var member = topic.JoinHeld(connection, since, out var epoch, out var joinedAt);
        if (isLetIn?.Invoke(member) == false)
        {
            topic.Leave(member);
            return null;
        }

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
            if (since == new LogPosition(epoch, joinedAt))
            {
                Tell(member, epoch, joinedAt, recovered: true);
                GoLive(member);
                return;
            }

            if (member.IsReplayOver)
            {
                topic.TryJoinAnew(member, ref epoch, ref joinedAt); // nobody has compared its position with the log, which may be another one by now
                TellHole(member, epoch, joinedAt);
                return;
            }

            // The client's last node may have been ahead of this one, to which the rest is still on its way; its position may be of an
            // earlier epoch, which this log continues; or made up, or lost with Redis. Only the log knows.
            var reader = new LogReader(backplane, topic.Topic, since.Epoch, since.Offset, PageSize, ReadBounds.Beginning, ReadBounds.Rest);
            var stretch = await reader.ReadAsync(joinedAt);
            var asked = since.Epoch;
            var isWhole = stretch.Page.Continues(since.Offset);
            if (!isWhole)
            {
                // The client gets what there is, and is told that this may not be all.
                if (!topic.TryJoinAnew(member, ref epoch, ref joinedAt))
                {
                    TellHole(member, epoch, joinedAt); // its user was removed meanwhile, at a place behind that
                    return;
                }

                asked = epoch;
                reader = new LogReader(backplane, topic.Topic, epoch, 0, PageSize, ReadBounds.Beginning, ReadBounds.Rest);
                stretch = await reader.ReadAsync(joinedAt);
            }

            if (!await ReachesAsync(backplane, stretch.Page, asked, topic.Topic, new LogPosition(epoch, joinedAt)))
            {
                TellHole(member, epoch, joinedAt);
                return;
            }

            Tell(member, stretch.Page.Epoch, stretch.Start, recovered: isWhole && stretch.IsWhole);
            await SendAsync(member, stretch.Page, joinedAt);
            while (reader.Offset < joinedAt && !IsOver(member) && !member.Connection.IsClosing)
            {
                var at = reader.Offset;
                stretch = await reader.ReadAsync(joinedAt);
                if (stretch.Page.Common < at)
                {
                    TellHole(member, epoch, joinedAt); // the log was lost meanwhile
                    return;
                }

                if (!stretch.IsWhole)
                {
                    Tell(member, stretch.Page.Epoch, stretch.Start, recovered: false); // the log was cut off meanwhile
                }

                await SendAsync(member, stretch.Page, joinedAt);
            }

            if (member.IsReplayOver)
            {
                TellHole(member, epoch, joinedAt);
                return;
            }

            GoLive(member);
        }
        catch
        {
            topic.Leave(member);
            throw;
        }
    }

    // Whether the place at which the member joined is one of the log that was read. The topic may have yet to go over into another
    // epoch; where that epoch does not go on from there, no position of it may be told before.
    private static async Task<bool> ReachesAsync(IBackplane backplane, LogPage page, string asked, Topic topic, LogPosition joined)
    {
        if (page.Epoch == joined.Epoch)
        {
            return page.Last >= joined.Offset;
        }

        var common = asked == joined.Epoch ? page.Common : (await backplane.ReadAsync(topic, joined.Epoch, joined.Offset, 0)).Common;
        return joined.Offset <= common;
    }

    // It goes on from where it joined, and may have missed anything before. What the topic finds out it is told as all others are.
    private static void TellHole(Member member, string epoch, long joinedAt)
    {
        Tell(member, epoch, joinedAt, recovered: false);
        GoLive(member);
    }

    private static void Tell(Member member, string epoch, long offset, bool recovered)
    {
        if (member.Connection.Format.Subscribed(member.Topic.Topic, epoch, offset, recovered) is { } frame)
        {
            member.Connection.Enqueue(frame);
        }
    }

    /// <summary>Sends what a page has up to where the member joined.</summary>
    private static async Task SendAsync(Member member, LogPage page, long joinedAt)
    {
        var (topic, connection) = (member.Topic, member.Connection);

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

                if (IsOver(member))
                {
                    return;
                }

                Send(topic, connection, utf8, joinedAt);
            }
        }
        finally
        {
            SendBatch.End();
        }
    }

    private static bool IsOver(Member member) => member.IsBarred || member.IsReplayOver;

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
