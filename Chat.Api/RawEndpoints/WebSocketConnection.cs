using System.Text.Unicode;
using Chat.Api.Access;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.Topics;
using Chat.Api.WebSockets;

namespace Chat.Api.RawEndpoints;

/// <summary>A client of the raw endpoints.</summary>
internal sealed class WebSocketConnection : WebSocketLink, IPublishOutcome, IAccessDoor
{
    private readonly IBackplane _backplane;
    private readonly TopicTable _topics;
    private readonly byte[] _jsonUserId;
    private IMessageReader? _reader;
    private int _malformedInARow;
    private int _publishesInFlight;
    private TaskCompletionSource? _publishRoom;

    public WebSocketConnection(long number, string userId, WebSocketFormat format, IByteSource source, IFrameSender sender, ConnectionTable table, TopicTable topics, IBackplane backplane)
        : base(number, userId, format, source, sender, table)
    {
        _backplane = backplane;
        _topics = topics;
        _jsonUserId = JsonText.Escape(userId);
    }

    /// <summary>What the connection may do.</summary>
    public required ConnectionAccess Access { get; init; }

    /// <summary>Null: the client does not want to know who is in its topics.</summary>
    public ConnectionWatches? Presence { get; set; }

    public new WebSocketFormat Format => (WebSocketFormat)base.Format;

    /// <summary>The user's id as it stands between the quotes of a JSON string.</summary>
    public ReadOnlySpan<byte> JsonUserId => _jsonUserId;

    /// <summary>Reads until the connection ends. Never throws for what a client or a network does.</summary>
    public Task<CloseReason> ReadAsync(IMessageReader reader)
    {
        _reader = reader;
        return ReadFramesAsync();
    }

    /// <summary>Answers with an error. Closes the connection of a client that sends nothing but errors.</summary>
    public void Reject(ClientError error, ReadOnlySpan<byte> id = default)
    {
        Enqueue(Format.Error(error, id));
        if (error.IsMalformed && ++_malformedInARow >= Options.MalformedInARow)
        {
            Metrics.Refused(nameof(Options.MalformedInARow));
            Close(CloseReason.TooManyErrors);
        }
    }

    /// <summary>Answers that the user may not do something in a topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="right">What the user wanted to do.</param>
    /// <param name="id">The client's id of the message it was about, or empty.</param>
    public void Forbid(Topic topic, Rights right, ReadOnlySpan<byte> id)
    {
        Access.Metrics.Refused(right);
        Refuse(topic, right, id);
    }

    /// <summary>Closes the connection, since it is no longer in the topic that it was for.</summary>
    public void CloseFor(TopicAccess access) => Close(Access.RefusalIn(access));

    /// <summary>From now on, the client is told who is in a topic, if it wants to know and its user may know.</summary>
    public void Watch(TopicAccess access)
    {
        if (Presence is null || !Presence.Knows(access.Topic))
        {
            return;
        }

        Presence.Add(access.Topic);
        if (!access.May(Rights.Presence))
        {
            Presence.Remove(access.Topic); // after the adding: the right may have gone just now
            Forbid(access.Topic, Rights.Presence, default);
        }
    }

    void IAccessDoor.OnLost(Topic topic) => Refuse(topic, Rights.Join, default);

    void IAccessDoor.OnPresenceLost(Topic topic) => Presence?.Remove(topic);

    /// <summary>Checks a text that is longer once it is escaped, which is how it travels. Returns false if it is too long or exceeds a
    /// limit; the client has then been told.</summary>
    public bool MayGrow(int length, int escaped)
    {
        if (escaped > Options.MessageBytes)
        {
            Metrics.Refused(nameof(Options.MessageBytes));
            Reject(ClientError.TooBig);
            return false;
        }

        return MaySend(Allowance.TakeMore(escaped - length, this));
    }

    /// <summary>Whether this topic may be joined or written to. Returns false if it would be one new topic too many for the user.</summary>
    public bool MayUse(ReadOnlySpan<byte> topic)
    {
        if (_topics.Knows(topic))
        {
            return true;
        }

        if (Allowance.TakeTopic(this) != Excess.None)
        {
            return false;
        }

        _topics.Know(topic);
        return true;
    }

    /// <summary>Steps 2 and 3 of a message's path: hands the message to the backplane, which reports the outcome through
    /// <see cref="IPublishOutcome"/>.</summary>
    public void Publish(in Publication publication)
    {
        _malformedInARow = 0;
        Interlocked.Increment(ref _publishesInFlight);
        _backplane.Publish(publication, this);
    }

    void IPublishOutcome.Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient)
    {
        if (fromClient && Format.Ack(id, epoch, offset) is { } ack)
        {
            Enqueue(ack);
        }

        PublishEnded();
    }

    void IPublishOutcome.NotPublished(ReadOnlySpan<byte> id, bool fromClient)
    {
        Enqueue(Format.Error(ClientError.NotPublished, fromClient ? id : default));
        PublishEnded();
    }

    void IPublishOutcome.TopicBusy(ReadOnlySpan<byte> id, bool fromClient)
    {
        Enqueue(Format.Error(ClientError.TopicBusy, fromClient ? id : default));
        PublishEnded();
    }

    /// <inheritdoc/>
    protected override Task? OnMessage(ReadOnlySpan<byte> message)
    {
        Metrics.Received();
        if (!MaySend(Allowance.Take(message.Length, this)))
        {
            return null;
        }

        if (!Utf8.IsValid(message))
        {
            Close(CloseReason.NotUtf8);
            return null;
        }

        return _reader!.Read(this, message) ?? PublishRoom();
    }

    private void Refuse(Topic topic, Rights right, ReadOnlySpan<byte> id) =>
        Enqueue(Access.IsUnansweredIn(topic, right) ? Format.Unanswered(topic, id) : Format.Forbidden(topic, Access.Until(topic, right), id));

    private bool MaySend(Excess excess)
    {
        if (excess == Excess.None)
        {
            return true;
        }

        Enqueue(Format.Error(ClientError.Of(excess), default));
        return false;
    }

    /// <summary>What to wait for before the next message is read, or null. This is the backpressure towards the client.</summary>
    private Task? PublishRoom()
    {
        if (Volatile.Read(ref _publishesInFlight) < Options.PublishesInFlight)
        {
            return null;
        }

        var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _publishRoom, room);
        Interlocked.MemoryBarrier(); // either this sees the end of a publish, or that publish sees the source
        if (Volatile.Read(ref _publishesInFlight) < Options.PublishesInFlight)
        {
            room.TrySetResult();
        }

        return room.Task;
    }

    private void PublishEnded()
    {
        if (Interlocked.Decrement(ref _publishesInFlight) < Options.PublishesInFlight && Volatile.Read(ref _publishRoom) is { } room)
        {
            room.TrySetResult();
        }
    }
}

/// <summary>Handles the messages of an endpoint's clients.</summary>
internal interface IMessageReader
{
    /// <param name="connection">The connection that sent it.</param>
    /// <param name="utf8">Valid UTF-8, within the size limit; valid during the call only.</param>
    /// <returns>Null when it is done, or a task, which never fails, if the next message has to wait for this one.</returns>
    Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8);

    /// <summary>The connection has ended: leaves everything that its messages joined.</summary>
    void Leave()
    {
    }

    /// <summary>The user has left a group of this connection through another connection, or may no longer be in the topic. Called under the topic's
    /// lock: must not wait, block or throw.</summary>
    void OnRemoved(WebSocketConnection connection, Topic topic);
}
