using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Shares with the other nodes which lives of Redis began without all that had been acknowledged.</summary>
/// <remarks>
/// <para>Guarantee: when one node finds that its last acknowledgement is missing from a later life of Redis, the members on every node are told, in
/// each topic that went over into that life or past it. They are told even though perhaps no node has delivered what is missing.</para>
/// <para>Mechanism: a set in Redis holds the lives and when each began (<c>{life}@{microseconds}</c>). Every node reads it when its link comes up,
/// before it reads any log over that link, and once a tick. Each node adds what the set lacks, since the set may be lost with a further life.</para>
/// <para>Failure: a node that dies together with Redis looks for nothing. Messages that it alone had acknowledged in its last moments,
/// and that no node delivered, are missed silently.</para>
/// </remarks>
internal sealed class RedisLives
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(366); // longer than any position is remembered

    private readonly RedisCommands _commands;
    private readonly RedisKeys _keys;
    private readonly IBackplaneListener _listener;

    public RedisLives(RedisCommands commands, RedisKeys keys, IBackplaneListener listener)
    {
        _commands = commands;
        _keys = keys;
        _listener = listener;
        commands.Up += Share;
        commands.LifeBroken = (life, began) =>
        {
            Learn(life, began);
            Share();
        };
    }

    /// <summary>Called once a tick.</summary>
    public void Share() => _commands.TrySend(new Question(this), RedisKeys.LivesTag);

    private void Heard(object?[] members)
    {
        var written = members.OfType<byte[]>().Select(Encoding.UTF8.GetString).ToHashSet();
        foreach (var entry in written)
        {
            var at = entry.IndexOf('@', StringComparison.Ordinal);
            Learn(at < 0 ? entry : entry[..at], long.TryParse(entry.AsSpan(at + 1), CultureInfo.InvariantCulture, out var began) && at > 0 ? began : 0);
        }

        Write([.. _commands.Broken.All.Where(static life => life.Value > 0).Select(Entry).Where(entry => !written.Contains(entry))]);
    }

    private static string Entry(KeyValuePair<string, long> life) => string.Create(CultureInfo.InvariantCulture, $"{life.Key}@{life.Value}");

    private void Learn(string life, long began)
    {
        if (_commands.Broken.TryAdd(life, began))
        {
            _listener.OnLifeBroken(life);
        }
    }

    private void Write(string[] entries)
    {
        if (entries.Length == 0)
        {
            return;
        }

        var add = new Order();
        _keys.BrokenLives(add.Buffer.Command(2 + entries.Length).Bulk("SADD"u8));
        foreach (var entry in entries)
        {
            add.Buffer.Bulk(entry);
        }

        var expire = new Order();
        _keys.BrokenLives(expire.Buffer.Command(3).Bulk("PEXPIRE"u8));
        expire.Buffer.Bulk((long)Age.TotalMilliseconds);
        _commands.TrySend(add, RedisKeys.LivesTag);
        _commands.TrySend(expire, RedisKeys.LivesTag);
    }

    /// <summary>Its answer is heard on the link's thread, before the answer about any log that was asked for later.</summary>
    private sealed class Question : RedisCommand
    {
        private readonly RedisLives _lives;

        public Question(RedisLives lives)
        {
            _lives = lives;
            lives._keys.BrokenLives(Buffer.Command(2).Bulk("SMEMBERS"u8));
        }

        protected override void OnReply(ref RespReader reply)
        {
            if (reply.ReadAny() is object?[] members)
            {
                _lives.Heard(members);
            }
        }

        protected override void OnFailed(string reason)
        {
            // The next link, or the next tick, asks again.
        }
    }

    /// <summary>Sent only for its effect, which the next question shows.</summary>
    private sealed class Order : RedisCommand
    {
        protected override void OnReply(ref RespReader reply)
        {
            // As above.
        }

        protected override void OnFailed(string reason)
        {
            // As above.
        }
    }
}
