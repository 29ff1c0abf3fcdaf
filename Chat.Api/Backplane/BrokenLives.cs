using System.Collections.Concurrent;
using System.Globalization;

namespace Chat.Api.Backplane;

/// <summary>Lives of Redis that began with less than had been acknowledged before. Where that shows by no position, this tells.</summary>
/// <remarks>A topic that nobody used during such a life has no epoch of it: its log went from an epoch before that life to one behind
/// it. So what counts is also when a life began, by the clock of Redis, which epochs are named after (epoch.lua).</remarks>
internal sealed class BrokenLives
{
    private readonly ConcurrentDictionary<string, long> _lives = new(StringComparer.Ordinal);

    /// <summary>Each, and when it began: microseconds since 1970 by the clock of Redis; 0: not known.</summary>
    public IEnumerable<KeyValuePair<string, long>> All => _lives;

    /// <summary>False: it was known. If it was not known when it began, that is noted all the same.</summary>
    public bool TryAdd(string life, long began = 0)
    {
        if (_lives.TryAdd(life, began))
        {
            return true;
        }

        _lives.TryUpdate(life, began, 0);
        return false;
    }

    public bool Contains(string life) => _lives.ContainsKey(life);

    /// <summary>Whether one began after one epoch of a log did, and before a later one.</summary>
    public bool HasBegunBetween(string epoch, string later) =>
        !_lives.IsEmpty && TimeOf(epoch) is > 0 and var from && TimeOf(later) is > 0 and var to
        && _lives.Any(life => from < life.Value && life.Value <= to);

    // Seconds and, in the last five digits, microseconds, all hexadecimal.
    private static long TimeOf(string epoch) =>
        epoch.Length > 5
        && long.TryParse(epoch.AsSpan(0, epoch.Length - 5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var seconds)
        && long.TryParse(epoch.AsSpan(epoch.Length - 5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var micros)
            ? (seconds * 1_000_000) + micros
            : 0;
}
