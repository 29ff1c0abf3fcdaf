namespace Chat.Api.Redis;

/// <summary>What is logged about subscriptions: the nodes' own (<see cref="RedisSubscriptions"/>), and those of topics
/// (<see cref="ShardSubscriptions"/>).</summary>
internal static partial class SubscriptionLog
{
    [LoggerMessage(Level = LogLevel.Information, EventName = "Subscribed", Message = "All subscriptions are in place.")]
    public static partial void Restored(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "SubscriptionsDown", Message = "Subscriptions are lost ({Reason}); making them anew.")]
    public static partial void Down(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "SubscriptionsSilent", Message = "Subscriptions have been silent for more than {Seconds:0.0} s; making them anew.")]
    public static partial void Silent(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, EventName = "SlotsMoved", Message = "{Slots} slots are now at other servers; their topics catch up with their logs.")]
    public static partial void Moved(ILogger logger, int slots);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "SubscribeRefused", Message = "Redis has refused subscriptions of this node {Count} times by now (the last: {Error}); retrying.")]
    public static partial void Refused(ILogger logger, long count, string error);
}
