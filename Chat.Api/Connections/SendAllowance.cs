namespace Chat.Api.Connections;

/// <summary>How much one connection may still send, by its own limits and its user's. Used only by the thread that reads the connection.</summary>
internal sealed class SendAllowance(ConnectionTable table, string userId)
{
    private const int FramesPerMessage = 10; // a message of 32 KiB in pieces of 4 KiB, and a ping
    private const int RecordsPerMessage = 10; // pings and answers besides calls

    private readonly UserAllowance _user = table.Users.Of(userId);
    private TokenBucket _messages = new(table.Options.MessagesPerSecond, table.Options.MessageBurst, table.Time);
    private TokenBucket _bytes = new(table.Options.BytesPerSecond, table.Options.ByteBurst, table.Time);
    private TokenBucket _frames = new(table.Options.MessagesPerSecond * FramesPerMessage, table.Options.MessageBurst * FramesPerMessage, table.Time);
    private TokenBucket _records = new(table.Options.MessagesPerSecond * RecordsPerMessage, table.Options.MessageBurst * RecordsPerMessage, table.Time);
    private TokenBucket _refusals = new(Math.Max(1, table.Options.MessagesPerSecond / 10), table.Options.MessageBurst, table.Time); // else a client could stay a little over the rate forever

    /// <summary>Takes one message of this many bytes. A connection that keeps exceeding its limits is closed.</summary>
    public Excess Take(int bytes, Connection connection)
    {
        var excess = !_messages.TryTake() ? Excess.Messages : !_bytes.TryTake(bytes) ? Excess.Bytes : _user.Take(1, bytes);
        return Counted(excess, connection);
    }

    /// <summary>Takes bytes of a message that turned out to be larger than was known when it was taken.</summary>
    public Excess TakeMore(int bytes, Connection connection) =>
        Counted(!_bytes.TryTake(bytes) ? Excess.Bytes : _user.Take(0, bytes), connection);

    /// <summary>Takes one topic that this node does not know yet.</summary>
    public Excess TakeTopic(Connection connection) => Counted(_user.TakeTopic(), connection);

    /// <summary>Takes one frame that is not a whole message: a ping, a pong or a fragment. Returns false if that exceeds the limit.</summary>
    public bool TakeFrame() => IsWithin(_frames.TryTake());

    /// <summary>Takes records of the hub's protocol, whether they are calls or not. If they exceed the limit, the connection is closed.</summary>
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
