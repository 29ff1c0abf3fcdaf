using Chat.Api.Messages;
using Chat.Api.Redis;
using StackExchange.Redis;

namespace Chat.Api.Events;

/// <summary>Looks for queues that hold events although their topics are not marked, and marks these topics.</summary>
/// <remarks>There are none unless marks got lost: a server of a Redis Cluster lost its data, or came back older than the others, or a clock leapt.
/// Then, thanks to this search, the events come late rather than never. It goes through all keys, a thousand at a time.</remarks>
internal sealed partial class EventSearch(
    IConnectionMultiplexer redis, RedisKeys keys, EventMarks marks, EventPartitions partitions, TimeProvider time, ILogger<EventSearch> logger)
    : BackgroundService
{
    private const int KeysAtOnce = 1000;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Marks the topics of all existing queues.</summary>
    public static async Task MarkAllAsync(IConnectionMultiplexer redis, RedisKeys keys, EventMarks marks)
    {
        foreach (var server in redis.GetServers().Where(static server => server is { IsConnected: true, IsReplica: false }))
        {
            await foreach (var key in server.KeysAsync(pattern: keys.QueuePattern, pageSize: KeysAtOnce))
            {
                if (Topic.Parse(keys.TopicOfQueue(key!)) is { } topic)
                {
                    await marks.MarkAsync(topic);
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                if (partitions.HasFirst) // one node is enough
                {
                    await MarkAllAsync(redis, keys, marks);
                }
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception); // the next round comes
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "EventSearchFailed", Message = "Event queues that nobody has marked could not be looked for; this is tried again later.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
