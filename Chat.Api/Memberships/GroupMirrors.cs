using System.Text;
using Chat.Api.Messages;
using Chat.Api.Orders;

namespace Chat.Api.Memberships;

/// <summary>Tells a user's devices, on every node, that the user leaves a group: for clients that keep books of their own.</summary>
/// <remarks>An order to all nodes, of which each knows its own connections: a subscription in Redis for each user, which carries nothing but this,
/// was 3.7 of the 20 KiB that a hub connection kept (bench/README.md).</remarks>
internal sealed partial class GroupMirrors(NodeOrders orders, ILogger<GroupMirrors> logger)
{
    /// <summary>The order by which every node tells the user's connections there.</summary>
    public const string Order = "mirror";

    private const char Between = '\n'; // is in no id

    /// <summary>Sent when it returns, before whatever is published next. It may be lost, as a signal may.</summary>
    public void Tell(string userId, string group) => _ = TellAsync(userId, group);

    /// <summary>Reads an order: who leaves what. Null: it is none.</summary>
    public static (string UserId, string Group)? Parse(ReadOnlySpan<byte> order)
    {
        var text = Encoding.UTF8.GetString(order);
        return text.IndexOf(Between) is > 0 and var end && ChatId.TryParse(text[..end], out var user) && ChatId.TryParse(text[(end + 1)..], out var group)
            ? (user, group)
            : null;
    }

    private async Task TellAsync(string userId, string group)
    {
        try
        {
            await orders.GiveAsync(Order, Encoding.UTF8.GetBytes(userId + Between + group));
        }
        catch (Exception exception)
        {
            Log.Lost(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "MirrorLost", Message = "A user's devices could not be told that the user leaves a group: {Reason}")]
        public static partial void Lost(ILogger logger, string reason);
    }
}
