using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Redis;

/// <summary>Keeps the positions of the topics this node listens to from expiring, however quiet they are.</summary>
/// <remarks>Otherwise a new epoch would begin while members are connected, and would tell them that they may have missed something when they have not.
/// Each topic is renewed four times within the shortest lifetime of a position, so an outage of Redis may prevent some renewals.</remarks>
internal sealed class PositionKeeper(RedisCommands commands, RedisKeys keys, IBackplaneListener listener, BackplaneOptions options, TimeProvider time)
{
    private const int PerTick = 500; // 50,000 topics take less than two minutes, of every six hours

    private readonly Queue<Topic> _toRenew = [];
    private long _roundBegan = time.GetTimestamp();

    /// <summary>Called once a tick.</summary>
    public void Renew()
    {
        if (_toRenew.Count == 0 && time.GetElapsedTime(_roundBegan) >= options.EmptyPositionAge / 4)
        {
            _roundBegan = time.GetTimestamp();
            foreach (var topic in listener.Held.Where(topic => options.LogOf(topic.Kind).Messages > 0))
            {
                _toRenew.Enqueue(topic);
            }
        }

        for (var i = 0; i < PerTick && _toRenew.TryDequeue(out var topic); i++)
        {
            var call = new RedisCall();
            keys.Meta(call.Buffer.Command(3).Bulk("PEXPIRE"u8), topic.Utf8Name.Span);
            call.Buffer.Bulk((long)options.PositionAge.TotalMilliseconds);
            _ = RenewedAsync(commands.CallAsync(call, topic.Utf8Name.Span));
        }
    }

    private static async Task RenewedAsync(Task<object?> renewed)
    {
        try
        {
            await renewed;
        }
        catch (BackplaneUnavailableException)
        {
            // The next round comes before the position expires.
        }
    }
}
