using System.Buffers;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Hubs;

/// <summary>Publishes what hub clients write, and reads what the logs have.</summary>
internal sealed class HubMessages(IBackplane backplane, IOptions<ChatHubOptions> options)
{
    private const int MaxIdBytes = 64;

    /// <summary>Steps 2 and 3 of a message's path: to the backplane, and the answer only when that has it.</summary>
    public async Task<PostAnswer> PublishAsync(Topic topic, string from, string? message, string? id)
    {
        if (message is null)
        {
            throw HubError.Malformed("message is missing.");
        }

        if (id is not null && (!ChatId.IsValid(id) || Encoding.UTF8.GetByteCount(id) > MaxIdBytes))
        {
            throw HubError.InvalidMessageId();
        }

        var outcome = new PublishOutcome();
        Publish(topic, from, message, id, outcome);
        try
        {
            var published = await outcome.Task;
            return new PostAnswer(published.Id, published.Epoch, published.Offset);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.NotPublished();
        }
    }

    /// <summary>Messages after a position; without one the latest.</summary>
    public async Task<MessagesAnswer> HistoryAsync(Topic group, LogPosition? since, int? limit)
    {
        if (limit is < 1)
        {
            throw HubError.Malformed("limit must be at least 1.");
        }

        var most = Math.Min(limit ?? options.Value.HistoryMessages, options.Value.HistoryMessages);
        try
        {
            var head = await backplane.ReadAsync(group, "", 0, 0);
            var known = since is { } position && position.Epoch == head.Epoch && position.Offset <= head.Last;
            var from = known ? since!.Value.Offset : Math.Max(0, head.Last - most);
            var messages = Parse(group, await backplane.ReadAsync(group, head.Epoch, from, most), head.Last);
            var last = messages.Offset;
            return new MessagesAnswer(head.Epoch, last, since is null || (known && messages.StartsAt(from)), messages.Messages);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }

    /// <summary>What a client that was at a position has missed, up to where it is live again. Nothing without a position.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<MessagesAnswer> MissedAsync(Topic group, LogPosition? since, LogPosition live)
    {
        if (since is not { } position)
        {
            return new MessagesAnswer(live.Epoch, live.Offset, Recovered: true, []);
        }

        if (position.Epoch == live.Epoch && position.Offset >= live.Offset)
        {
            // At the end, or ahead of this node, to which the rest is still on its way: only the log knows.
            var log = await backplane.ReadAsync(group, position.Epoch, live.Offset, 0);
            var isReal = log.Epoch == position.Epoch && log.Last >= position.Offset;
            return new MessagesAnswer(live.Epoch, isReal ? position.Offset : live.Offset, isReal, []);
        }

        var known = position.Epoch == live.Epoch;
        var from = Math.Max(known ? position.Offset : 0, live.Offset - options.Value.HistoryMessages);
        var page = Parse(group, await backplane.ReadAsync(group, live.Epoch, from, (int)(live.Offset - from)), live.Offset);
        return new MessagesAnswer(live.Epoch, live.Offset, known && from == position.Offset && page.StartsAt(from), page.Messages);
    }

    public static LogPosition? Since(string? text) =>
        text is null ? null : LogPosition.TryParse(text, out var position) ? position : throw HubError.InvalidSince();

    private void Publish(Topic topic, string from, string message, string? id, PublishOutcome outcome)
    {
        var text = Encoding.UTF8.GetBytes(message);
        var escaped = new ArrayBufferWriter<byte>(Math.Max(text.Length, 1));
        JsonText.Escape(text, escaped);
        backplane.Publish(
            new Publication
            {
                Kind = topic.Kind,
                Topic = topic.Utf8Name.Span,
                From = Encoding.UTF8.GetBytes(from),
                Msg = escaped.WrittenSpan,
                MsgId = id is null ? default : Encoding.UTF8.GetBytes(id),
            },
            outcome);
    }

    private static Page Parse(Topic group, LogPage log, long upTo)
    {
        var page = new Page(upTo);
        foreach (var utf8 in log.Envelopes)
        {
            if (Envelope.TryParse(utf8, out var envelope) && envelope.Offset <= upTo)
            {
                page.Add(group, envelope);
            }
        }

        return page;
    }

    private sealed class Page(long upTo)
    {
        private long _first;
        private long _last;

        public List<GroupMessage> Messages { get; } = [];

        /// <summary>Up to where these messages tell.</summary>
        public long Offset => _last == 0 ? upTo : _last;

        /// <summary>Whether nothing is missing behind an offset.</summary>
        public bool StartsAt(long since) => _first == 0 ? since >= upTo : _first == since + 1;

        public void Add(Topic group, scoped in Envelope envelope)
        {
            _first = _first == 0 ? envelope.Offset : _first;
            _last = envelope.Offset;
            if (envelope.Kind.IsEmpty)
            {
                Messages.Add(new GroupMessage(
                    Text(envelope.Msg), group.Id, Text(envelope.From), envelope.Id.IsEmpty ? null : Text(envelope.Id),
                    Encoding.ASCII.GetString(envelope.Epoch), envelope.Offset, envelope.At));
            }
        }

        private static string Text(ReadOnlySpan<byte> json)
        {
            var plain = new ArrayBufferWriter<byte>(Math.Max(json.Length, 1));
            return JsonText.TryUnescape(json, plain) ? Encoding.UTF8.GetString(plain.WrittenSpan) : "\uFFFD";
        }
    }
}
