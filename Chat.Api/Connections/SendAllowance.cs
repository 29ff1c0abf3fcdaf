namespace Chat.Api.Connections;

/// <summary>What one connection may send: its own limits, and what is left of its user's. Used by the one that reads it.</summary>
internal sealed class SendAllowance(ConnectionTable table, string userId)
{
    private const int FramesPerMessage = 10; // a message of 32 KiB in pieces of 4 KiB, and a ping
    private const int RecordsPerMessage = 10; // pings and answers besides calls

    private readonly UserAllowance _user = table.Users.Of(userId);
    private TokenBucket _messages = new(table.Options.MessagesPerSecond, table.Options.MessageBurst, table.Time);
    private TokenBucket _bytes = new(table.Options.BytesPerSecond, table.Options.ByteBurst, table.Time);
    private TokenBucket _frames = new(table.Options.MessagesPerSecond * FramesPerMessage, table.Options.MessageBurst * FramesPerMessage, table.Time);
    private TokenBucket _records = new(table.Options.MessagesPerSecond * RecordsPerMessage, table.Options.MessageBurst * RecordsPerMessage, table.Time);
    private TokenBucket _refusals = new(Math.Max(1, table.Options.MessagesPerSecond / 10), table.Options.MessageBurst, table.Time); // without it, going on a little over the rate would never end

    /// <summary>One message of so many bytes. If it is too much, and that goes on, the connection is closed.</summary>
    public Excess Take(int bytes, Connection connection)
    {
        var excess = !_messages.TryTake() ? Excess.Messages : !_bytes.TryTake(bytes) ? Excess.Bytes : _user.Take(1, bytes);
        return Counted(excess, connection);
    }

    /// <summary>What a message that was taken has more than was known.</summary>
    public Excess TakeMore(int bytes, Connection connection) =>
        Counted(!_bytes.TryTake(bytes) ? Excess.Bytes : _user.Take(0, bytes), connection);

    /// <summary>A topic that this node does not know yet.</summary>
    public Excess TakeTopic(Connection connection) => Counted(_user.TakeTopic(), connection);

    /// <summary>A frame that is no message: ping, pong, or a piece of one. False: it is too much.</summary>
    public bool TakeFrame() => IsWithin(_frames.TryTake());

    /// <summary>Records of a hub's protocol, calls or not. If they are too many, the connection is closed.</summary>
    public bool TakeRecords(int count, Connection connection)
    {
        if (IsWithin(_records.TryTake(count)))
        {
            return true;
        }

        connection.Close(CloseReason.TooManyMessages);
        return false;
    }

    private bool IsWithin(bool isTaken)
    {
        if (!isTaken)
        {
            table.Metrics.Refused(nameof(ConnectionOptions.MessagesPerSecond));
        }

        return isTaken;
    }

    private Excess Counted(Excess excess, Connection connection)
    {
        if (excess == Excess.None)
        {
            return excess;
        }

        table.Metrics.Refused(excess.Setting());
        if (!_refusals.TryTake())
        {
            connection.Close(excess.IsBytes() ? CloseReason.TooManyBytes : CloseReason.TooManyMessages);
        }

        return excess;
    }
}
