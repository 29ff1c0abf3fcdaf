using System.Collections.Concurrent;
using System.Globalization;
using Chat.Api.Redis.Resp;
using Sought = System.Collections.Generic.KeyValuePair<(Chat.Api.Redis.Resp.RespLink Acknowledged, string Life), Chat.Api.Redis.Ack>;

namespace Chat.Api.Redis;

/// <summary>Looks for what each server acknowledged last, in the server's next life or at the server that has replaced it.</summary>
/// <remarks>A question that nobody has answered is asked again once a tick, whatever is acknowledged meanwhile: a primary of a Redis Cluster that
/// restarts refuses it for two seconds, and acknowledges messages from then on.</remarks>
/// <param name="commands">Sends the questions.</param>
/// <param name="servers">The servers.</param>
/// <param name="keys">Names of keys.</param>
/// <param name="positionAge">How long a topic's position is remembered.</param>
/// <param name="lost">Called on a link's thread when an acknowledged message is missing: with the life in which it is, and when that life was met, in
/// microseconds by its clock.</param>
/// <param name="logger">Gets what is missing.</param>
internal sealed partial class LastAcks(RedisCommands commands, RedisServers servers, RedisKeys keys, TimeSpan positionAge, Action<string, long> lost, ILogger logger)
{
    // What is asked for. The latest one of a life speaks for all before it.
    private readonly ConcurrentDictionary<(RespLink Acknowledged, string Life), Ack> _sought = new();

    // A position is renewed once in a quarter of its log's age, and that age is at most positionAge: so it is remembered this long for certain.
    private TimeSpan Age => positionAge * 0.75;

    /// <summary>A link has come up. The answer comes before the answers to everything that is sent over the link from now on.</summary>
    public void LookOver(RespLink link)
    {
        if (link.LastAck.OfAnotherLife(link.Life, Age) is { } ack)
        {
            Ask(Seek(link, ack), link);
        }
    }

    /// <summary>The owners of slots are known anew.</summary>
    public void LookForThoseOfReplaced()
    {
        foreach (var link in servers.Replaced)
        {
            LookFor(link);
        }
    }

    /// <summary>A server was replaced. For what it acknowledged last, any life is another one.</summary>
    public void LookFor(RespLink replaced)
    {
        if (replaced.LastAck.OfAnotherLife(ServerLife.Unknown, Age) is { } ack)
        {
            var sought = Seek(replaced, ack);
            if (!replaced.IsUp) // else a tick later: it may be the new owner that is mistaken, a server that was paused and does not know yet that it was replaced
            {
                Ask(sought, OwnerOf(ack));
            }
        }
    }

    /// <summary>Asks again what has not been answered. Called once a tick.</summary>
    public void LookAgain()
    {
        foreach (var sought in _sought)
        {
            if (TimeProvider.System.GetElapsedTime(sought.Value.At) > Age)
            {
                _sought.TryRemove(sought); // its topic may have been forgotten by now, with nothing lost
            }
            else
            {
                Ask(sought, OwnerOf(sought.Value));
            }
        }
    }

    /// <summary>Whether what a server acknowledged last has yet to be found, should the server be replaced.</summary>
    public bool StillCounts(LastAck last) => last.OfAnotherLife(ServerLife.Unknown, Age) is not null;

    private RespLink OwnerOf(Ack ack) => servers.OwnerOf(RedisKeys.SlotOf(ack.Topic));

    private Sought Seek(RespLink acknowledged, Ack ack)
    {
        var sought = new Sought((acknowledged, ack.Life), ack);
        _sought[sought.Key] = sought.Value;
        return sought;
    }

    private void Ask(Sought sought, RespLink to)
    {
        var ((acknowledged, _), ack) = sought;
        var metAt = new TimeReply();
        if (!to.TrySend(new CommandBuffer().Command(1).Bulk("TIME"u8).Span, metAt))
        {
            return;
        }

        new LastAckCheck(ack, keys, (check, isThere) =>
        {
            if (!_sought.TryRemove(sought))
            {
                return; // answered before, or a later one is asked for
            }

            var life = check.Link!.Life;
            acknowledged.LastAck.Settle(ack, isThere ? life : null);
            if (!isThere)
            {
                Log.AckLost(logger, ack.Epoch, ack.Offset);
                lost(life, metAt.Microseconds);
            }
        }) { Sender = commands }.TrySend(to);
    }

    private sealed class TimeReply : IRespReply
    {
        public long Microseconds { get; private set; }

        public void Complete(ref RespReader reply)
        {
            if (reply.ReadAny() is object?[] time && time is [byte[] seconds, byte[] micros])
            {
                Microseconds = (long.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000) + long.Parse(micros, CultureInfo.InvariantCulture);
            }
        }

        public void Fail()
        {
            // Then the question about the last acknowledgement is not answered, either.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisLostMessages",
            Message = "Redis came back without a message it had acknowledged (at {Epoch}:{Offset}); members are told that something may be missing.")]
        public static partial void AckLost(ILogger logger, string epoch, long offset);
    }
}
