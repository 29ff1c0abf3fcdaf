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

    /// <summary>False: it was known. Of several times the earliest counts: nodes meet a life one after the other.</summary>
    public bool TryAdd(string life, long began = 0)
    {
        var isNew = _lives.TryAdd(life, began);
        while (!isNew && _lives[life] is var known && began > 0 && (known == 0 || began < known) && !_lives.TryUpdate(life, began, known))
        {
            // Somebody else was quicker; perhaps with an earlier one.
        }

        return isNew;
    }

    public bool IsEmpty => _lives.IsEmpty;

    public bool Contains(string life) => _lives.ContainsKey(life);

    /// <summary>Whether one is known to have begun after one epoch of a log did, and before a later one.</summary>
    public bool HasBegunBetween(string life, string epoch, string later) =>
        TimeOf(epoch) is > 0 and var from && TimeOf(later) is > 0 and var to && _lives.TryGetValue(life, out var began) && from < began && began <= to;

    /// <summary>Whether any did.</summary>
    /// <param name="epoch">The one epoch.</param>
    /// <param name="later">The later one.</param>
    /// <param name="others">Lives that do not count: those that began epochs of the log themselves.</param>
    public bool HasBegunBetween(string epoch, string later, IEnumerable<string> others) =>
        !_lives.IsEmpty && _lives.Any(life => HasBegunBetween(life.Key, epoch, later) && !others.Contains(life.Key));

    // Seconds and, in the last five digits, microseconds, all hexadecimal.
    private static long TimeOf(string epoch) =>
        epoch.Length > 5
        && long.TryParse(epoch.AsSpan(0, epoch.Length - 5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var seconds)
        && long.TryParse(epoch.AsSpan(epoch.Length - 5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var micros)
            ? (seconds * 1_000_000) + micros
            : 0;
}
