using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Hubs;

/// <summary>Publishes the messages of hub clients, and reads logs.</summary>
internal sealed class HubMessages(IBackplane backplane, TopicHistory history, ConnectionTable connections, TopicTable topics, IOptions<ChatHubOptions> options)
{
    private const int OutboxParts = 4; // an answer takes at most one of this many parts of an outbox, whatever else waits there

    /// <summary>Steps 2 and 3 of a message's path: publishes, and answers only once the backplane has confirmed it.</summary>
    public async Task<PostAnswer> PublishAsync(Topic topic, HubClient client, string? message, string? id)
    {
        var from = client.Connection;
        if (message is null)
        {
            throw HubError.Malformed("message is missing.");
        }

        if (id is not null && !MessageId.IsValid(id))
        {
            throw HubError.InvalidMessageId();
        }

        var escaped = JsonText.Escape(message);
        if (escaped.Length > connections.Options.MessageBytes)
        {
            connections.Metrics.Refused(nameof(ConnectionOptions.MessageBytes));
            throw HubError.TooBig();
        }

        var excess = from.Allowance.TakeMore(escaped.Length, from);
        if (excess != Excess.None)
        {
            throw HubError.Of(excess);
        }

        CheckMayUse(topic, from);
        await client.CheckAsync(topic, Rights.Post);
        var outcome = new PublishOutcome();
        Publish(topic, from.UserId, escaped, id, outcome);
        try
        {
            var published = await outcome.Task;
            return new PostAnswer(published.Id, published.Epoch, published.Offset);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.NotPublished();
        }
        catch (TopicBusyException)
        {
            throw HubError.TopicBusy();
        }
    }

    /// <summary>Refuses a call if its user has used too many new topics.</summary>
    public void CheckMayUse(Topic topic, Connection client)
    {
        if (!topics.Knows(topic.Utf8Name.Span))
        {
            TakeTopic(topic, client);
        }
    }

    /// <summary>Does the same for a topic that counts as new even if it is not.</summary>
    public void TakeTopic(Topic topic, Connection client)
    {
        if (client.Allowance.TakeTopic(client) is not Excess.None and var excess)
        {
            throw HubError.Of(excess);
        }

        topics.Know(topic.Utf8Name.Span);
    }

    /// <summary>Returns the messages after a position, oldest first; without a position, the latest.</summary>
    /// <remarks>Returns fewer than asked for if they are large: an answer is one frame, and has to fit into an outbox.</remarks>
    public async Task<MessagesAnswer> HistoryAsync(Topic group, LogPosition? since, int? limit)
    {
        if (limit is < 1)
        {
            throw HubError.Malformed("limit must be at least 1.");
        }

        var most = Math.Min(limit ?? options.Value.HistoryMessages, options.Value.HistoryMessages);
        try
        {
            var (piece, isWhole) = await history.ReadAsync(group, since, most, Room);
            return AnswerOf(group, piece, isWhole);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }

    /// <summary>Returns the messages that a client has missed between its position and the position where it is live again. Without a position, it
    /// returns none.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<MessagesAnswer> MissedAsync(Topic group, LogPosition? since, LogPosition live)
    {
        if (since is not { } position)
        {
            return new MessagesAnswer(live.Epoch, live.Offset, Recovered: true, []);
        }

        // The position may be ahead of this node, which has yet to receive the rest, or of an earlier epoch. Only the log knows.
        var log = await backplane.ReadAsync(group, position.Epoch, position.Offset, 0);
        var known = log.Continues(position.Offset);
        if (position.Offset >= live.Offset && (known || position.Epoch == live.Epoch))
        {
            return new MessagesAnswer(log.Epoch, known ? position.Offset : live.Offset, known, []);
        }

        var missed = await history.ReadLatestAsync(group, live with { Epoch = log.Epoch }, known ? position.Offset : 0, options.Value.HistoryMessages, Room);
        return AnswerOf(group, missed, isWhole: known && missed.StartsAt(position.Offset));
    }

    private int Room => connections.Options.OutboxBytes / OutboxParts;

    private static MessagesAnswer AnswerOf(Topic group, HistoryPiece piece, bool isWhole) => new(
        piece.Epoch, piece.Offset, isWhole,
        [.. piece.Messages.Select(message => new GroupMessage(message.Msg, group.Id, message.From, message.Id, message.Epoch, message.Offset, message.At))],
        piece.Deletions.Count == 0 ? null : [.. piece.Deletions.Select(deletion => new GroupDeletion(
            group.Id, deletion.From, deletion.Epoch, deletion.Offset, deletion.At,
            new DeletedGroupMessage(deletion.Deleted.Id, deletion.Deleted.Epoch, deletion.Deleted.Offset)))]);

    public static LogPosition? Since(string? text) =>
        text is null ? null : LogPosition.TryParse(text, out var position) ? position : throw HubError.InvalidSince();

    private void Publish(Topic topic, string from, ReadOnlySpan<byte> escaped, string? id, PublishOutcome outcome) =>
        backplane.Publish(
            new Publication
            {
                Kind = topic.Kind,
                Topic = topic.Utf8Name.Span,
                From = JsonText.Escape(from),
                Msg = escaped,
                MsgId = id is null ? default : Encoding.UTF8.GetBytes(id),
            },
            outcome);
}
