using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Hubs;

/// <summary><see cref="ITypingTurns"/> in Redis: the first to set the key has the turn until the key expires.</summary>
internal sealed class RedisTypingTurns(RedisCommands commands, RedisKeys keys) : ITypingTurns
{
    public async Task<bool> TryTakeAsync(Topic group, string userId, TimeSpan turn)
    {
        var call = new RedisCall();
        call.Buffer.Command(6).Bulk("SET"u8);
        keys.Typing(call.Buffer, group.Utf8Name.Span, userId);
        call.Buffer.Bulk("1"u8).Bulk("NX"u8).Bulk("PX"u8).Bulk((long)turn.TotalMilliseconds);
        return await commands.CallAsync(call, group.Utf8Name.Span) is not null;
    }
}
