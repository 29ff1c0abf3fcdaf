namespace Chat.Api.Connections;

/// <summary>What one connection may send: its own limits, and what is left of its user's. Used by the one that reads it.</summary>
internal sealed class SendAllowance(ConnectionTable table, string userId)
{
    private readonly UserAllowance _user = table.Users.Of(userId);
    private TokenBucket _messages = new(table.Options.MessagesPerSecond, table.Options.MessageBurst, table.Time);
    private TokenBucket _bytes = new(table.Options.BytesPerSecond, table.Options.ByteBurst, table.Time);
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
