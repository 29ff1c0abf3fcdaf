using System.Globalization;
using System.Text;
using Chat.Api.Messages;
using Chat.Api.Orders;

namespace Chat.Api.Memberships;

/// <summary>Tells a user's devices, on every node, that the user leaves a group. This is for clients that keep track of their groups
/// themselves.</summary>
/// <remarks>This is an order to all nodes, because each node knows its own connections. A subscription in Redis per user, for this purpose alone,
/// took 3.7 of the 20 KiB that a hub connection kept (bench/README.md).</remarks>
internal sealed partial class GroupMirrors(NodeOrders orders, ILogger<GroupMirrors> logger)
{
    /// <summary>The order by which every node tells the user's connections there.</summary>
    public const string Order = "mirror";

    private const char Between = '\n'; // occurs in no id

    /// <summary>When this returns, the order has been sent, ahead of anything published next. Like a signal, it may be lost.</summary>
    /// <param name="userId">The user whose devices are told.</param>
    /// <param name="group">The group that the user leaves.</param>
    /// <param name="generation">The generation of the leave. A device that has joined since is told nothing.</param>
    public void Tell(string userId, string group, long generation) => _ = TellAsync(userId, group, generation);

    /// <summary>Reads an order: who leaves which group, and up to which generation joinings end. Returns null if the order is malformed.</summary>
    public static (string UserId, string Group, long Generation)? Parse(ReadOnlySpan<byte> order) =>
        Encoding.UTF8.GetString(order).Split(Between) is [var first, var second, .. var rest] && rest.Length <= 1
            && ChatId.TryParse(first, out var user) && ChatId.TryParse(second, out var group)
            && TryGeneration(rest, out var generation)
            ? (user, group, generation)
            : null;

    // An order of an older node has no generation: it ends all joinings.
    private static bool TryGeneration(string[] rest, out long generation)
    {
        generation = long.MaxValue;
        return rest is not [var digits] || long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out generation);
    }

    private async Task TellAsync(string userId, string group, long generation)
    {
        try
        {
            await orders.GiveAsync(Order, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{userId}{Between}{group}{Between}{generation}")));
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
