using System.Globalization;
using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Asks a server whether it still has the last message that its previous life, or the server before it, acknowledged.</summary>
internal sealed class LastAckCheck : RedisCommand
{
    private readonly Ack _ack;
    private readonly Action<LastAckCheck, bool> _answered;

    public LastAckCheck(Ack ack, RedisKeys keys, Action<LastAckCheck, bool> answered)
    {
        _ack = ack;
        _answered = answered;
        keys.Meta(Buffer.Command(6).Bulk("HMGET"u8), ack.Topic);
        Buffer.Bulk("e"u8).Bulk("o"u8).Bulk("p"u8).Bulk("n"u8);
    }

    public Ack Ack => _ack;

    protected override void OnReply(ref RespReader reply)
    {
        if (reply.ReadAny() is object?[] fields && fields is [var epoch, var last, var lineage, var repetitions])
        {
            _answered(this, _ack.IsIn(Text(epoch), Number(last), Text(lineage), Number(repetitions)));
        }
    }

    protected override void OnFailed(string reason)
    {
        // It is asked again (LastAcks).
    }

    private static string? Text(object? value) => value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static long Number(object? value) => long.TryParse(Text(value), CultureInfo.InvariantCulture, out var number) ? number : 0;
}
