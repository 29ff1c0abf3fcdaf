using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;

namespace Chat.Api.Redis;

/// <summary>Shares with the other nodes which lives of Redis began with less than had been acknowledged.</summary>
/// <remarks>
/// <para>Guarantee: when one node finds that its last acknowledgement is missing from a later life of Redis, the members on every
/// node are told, in each topic that went over into that life or past it, though no node may have delivered what is missing.</para>
/// <para>Mechanism: a set in Redis of lives and when each began (<c>{life}@{microseconds}</c>), read by every node once a tick; each
/// writes again what the set lacks, since it may be lost with a further life.</para>
/// <para>Failure: a node that dies together with Redis looks for nothing. What it alone had acknowledged in its last moments,
/// and no node delivered, is missed in silence.</para>
/// </remarks>
internal sealed class RedisLives
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(366); // longer than any position is remembered

    private readonly RedisCommands _commands;
    private readonly RedisKeys _keys;
    private readonly IBackplaneListener _listener;
    private readonly ConcurrentDictionary<string, long> _undated = new(StringComparer.Ordinal); // found here; timestamp at which each was met

    public RedisLives(RedisCommands commands, RedisKeys keys, IBackplaneListener listener)
    {
        _commands = commands;
        _keys = keys;
        _listener = listener;
        commands.LifeBroken = (life, metAt) =>
        {
            _undated.TryAdd(life, metAt);
            Learn(life, began: 0);
            Share();
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
            await DateAsync();
            var call = new RedisCall();
            _keys.BrokenLives(call.Buffer.Command(2).Bulk("SMEMBERS"u8));
            if (await _commands.CallAsync(call, RedisKeys.LivesTag) is object?[] members)
            {
                var written = members.OfType<byte[]>().Select(Encoding.UTF8.GetString).ToHashSet();
                foreach (var entry in written)
                {
                    var at = entry.IndexOf('@', StringComparison.Ordinal);
                    Learn(at < 0 ? entry : entry[..at], long.TryParse(entry.AsSpan(at + 1), CultureInfo.InvariantCulture, out var began) && at > 0 ? began : 0);
                }

                await WriteAsync([.. _commands.Broken.All.Where(life => life.Value > 0).Select(Entry).Where(entry => !written.Contains(entry))]);
            }
        }
        catch (BackplaneUnavailableException)
        {
            // The next tick asks again.
        }
    }

    private static string Entry(KeyValuePair<string, long> life) => string.Create(CultureInfo.InvariantCulture, $"{life.Key}@{life.Value}");

    // Asked late, perhaps, but of a clock that runs as fast as this one.
    private async Task DateAsync()
    {
        if (_undated.IsEmpty)
        {
            return;
        }

        var call = new RedisCall();
        call.Buffer.Command(1).Bulk("TIME"u8);
        if (await _commands.CallAsync(call, RedisKeys.LivesTag) is object?[] time && time is [byte[] seconds, byte[] micros])
        {
            var now = (Number(seconds) * 1_000_000) + Number(micros);
            foreach (var (life, metAt) in _undated)
            {
                Learn(life, now - (long)Stopwatch.GetElapsedTime(metAt).TotalMicroseconds);
                _undated.TryRemove(life, out _);
            }
        }
    }

    private void Learn(string life, long began)
    {
        if (_commands.Broken.TryAdd(life, began))
        {
            _listener.OnLifeBroken(life);
        }
    }

    private async Task WriteAsync(string[] entries)
    {
        if (entries.Length == 0)
        {
            return;
        }

        var call = new RedisCall();
        _keys.BrokenLives(call.Buffer.Command(2 + entries.Length).Bulk("SADD"u8));
        foreach (var entry in entries)
        {
            call.Buffer.Bulk(entry);
        }

        var expire = new RedisCall();
        _keys.BrokenLives(expire.Buffer.Command(3).Bulk("PEXPIRE"u8));
        expire.Buffer.Bulk((long)Age.TotalMilliseconds);
        await Task.WhenAll(_commands.CallAsync(call, RedisKeys.LivesTag), _commands.CallAsync(expire, RedisKeys.LivesTag));
    }

    private static long Number(byte[] digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
