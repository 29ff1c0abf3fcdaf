using System.Text;
using Chat.Api.Backplane;

namespace Chat.Api.Redis;

/// <summary>Shares with the other nodes which lives of Redis began with less than had been acknowledged.</summary>
/// <remarks>
/// <para>Guarantee: when one node finds that its last acknowledgement is missing from a later life of Redis, the members on every
/// node are told, in each topic that went over into that life, though no node may have delivered what is missing.</para>
/// <para>Mechanism: a set in Redis, read by every node once a tick; each writes again what the set lacks, since it may be lost
/// with a further life.</para>
/// <para>Failure: a node that dies together with Redis looks for nothing. What it alone had acknowledged in its last moments,
/// and no node delivered, is missed in silence.</para>
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
        commands.LifeBroken = life =>
        {
            Learn(life);
            Write([life]);
        };
    }

    /// <summary>Called once a tick.</summary>
    public void Share() => _ = ShareAsync();

    private async Task ShareAsync()
    {
        if (!_commands.IsUp)
        {
            return;
        }

        try
        {
            var call = new RedisCall();
            _keys.BrokenLives(call.Buffer.Command(2).Bulk("SMEMBERS"u8));
            if (await _commands.CallAsync(call, RedisKeys.LivesTag) is object?[] members)
            {
                var written = members.OfType<byte[]>().Select(Encoding.UTF8.GetString).ToHashSet();
                Write([.. _commands.Broken.All.Where(life => !written.Contains(life))]);
                foreach (var life in written)
                {
                    Learn(life);
                }
            }
        }
        catch (BackplaneUnavailableException)
        {
            // The next tick asks again.
        }
    }

    private void Learn(string life)
    {
        if (_commands.Broken.TryAdd(life))
        {
            _listener.OnLifeBroken(life);
        }
    }

    private void Write(string[] lives)
    {
        if (lives.Length > 0)
        {
            var call = new RedisCall();
            _keys.BrokenLives(call.Buffer.Command(2 + lives.Length).Bulk("SADD"u8));
            foreach (var life in lives)
            {
                call.Buffer.Bulk(life);
            }

            _ = WrittenAsync(_commands.CallAsync(call, RedisKeys.LivesTag));
            var expire = new RedisCall();
            _keys.BrokenLives(expire.Buffer.Command(3).Bulk("PEXPIRE"u8));
            expire.Buffer.Bulk((long)Age.TotalMilliseconds);
            _ = WrittenAsync(_commands.CallAsync(expire, RedisKeys.LivesTag));
        }
    }

    private static async Task WrittenAsync(Task<object?> written)
    {
        try
        {
            await written;
        }
        catch (BackplaneUnavailableException)
        {
            // A later tick finds what the set lacks.
        }
    }
}
