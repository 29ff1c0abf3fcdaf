using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Sends a member what it missed, then lets it go live: no gap, no duplicate.</summary>
/// <remarks>The member joins first, with its live frames held. Then the log is read up to the position at which it joined. Both go into
/// the outbox in that order, piece by piece.</remarks>
internal static class TopicReplay
{
    private const int PageSize = 256;

    /// <param name="topic">The topic.</param>
    /// <param name="connection">The member's connection.</param>
    /// <param name="since">The position up to which its client has everything.</param>
    /// <param name="backplane">Where the log is.</param>
    /// <param name="isLetIn">Decides whether the member may stay. Called when it has joined, before anything is sent to it. Null: it may.</param>
    /// <returns>The member, or null if it was not let in.</returns>
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

    /// <summary>The second half of a join: for a member that has joined, held, at a position.</summary>
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
                topic.TryJoinAnew(member, ref epoch, ref joinedAt); // nobody has compared the client's position with the log, which may be another one by now
                TellHole(member, epoch, joinedAt);
                return;
            }

            // Only the log knows where the client stands. Its last node may have been ahead of this one, to which the rest is still on its way. Its
            // position may be of an earlier epoch, which this log continues. Or the position was made up, or lost with Redis.
            var reader = new LogReader(backplane, topic.Topic, since.Epoch, since.Offset, PageSize, ReadBounds.Beginning, ReadBounds.Rest);
            var stretch = await reader.ReadAsync(joinedAt);
            var asked = since.Epoch;
            var isWhole = stretch.Page.Continues(since.Offset);
            if (!isWhole)
            {
                // The client gets what the log has, and is told that this may not be all.
                if (!topic.TryJoinAnew(member, ref epoch, ref joinedAt))
                {
                    TellHole(member, epoch, joinedAt); // the user was removed meanwhile, at a later offset
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
                    Tell(member, stretch.Page.Epoch, stretch.Start, recovered: false); // the log was truncated meanwhile
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

    // Whether the position at which the member joined is in the log that was read. The topic may not yet have gone over into another epoch. If that
    // epoch does not continue from this position, the member must not be told any position of it before the topic goes over.
    private static async Task<bool> ReachesAsync(IBackplane backplane, LogPage page, string asked, Topic topic, LogPosition joined)
    {
        if (page.Epoch == joined.Epoch)
        {
            return page.Last >= joined.Offset;
        }

        var common = asked == joined.Epoch ? page.Common : (await backplane.ReadAsync(topic, joined.Epoch, joined.Offset, 0)).Common;
        return joined.Offset <= common;
    }

    // The member goes on from where it joined, and may have missed anything before. It is told of what the topic finds out like all others.
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

    /// <summary>Sends what a page has, up to the offset at which the member joined.</summary>
    private static async Task SendAsync(Member member, LogPage page, long joinedAt)
    {
        var (topic, connection) = (member.Topic, member.Connection);

        // Together, as far as there is room: when a node has died, thousands of clients come at once, and each has missed many messages.
        SendBatch.Begin();
        try
        {
            foreach (var utf8 in page.Envelopes)
            {
                if (connection.HasRoomAsync() is { IsCompleted: false } room)
                {
                    SendBatch.End(); // a batch belongs to a thread; and there is room only once its frames are sent
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
        SendBatch.Begin(); // send the held frames together, not one by one, since the topic waits
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
