using System.Collections.Concurrent;
using System.Globalization;

namespace Chat.Api.Backplane;

/// <summary>Lives of Redis that began without all that had been acknowledged before. Needed for losses that no position shows.</summary>
/// <remarks>A topic that nobody used during such a life has no epoch of it: its log went from an epoch before that life to one after it.
/// So the time at which a life began matters, too. It is by the clock of Redis, after whose time epochs are named (epoch.lua).</remarks>
internal sealed class BrokenLives
{
    private readonly ConcurrentDictionary<string, long> _lives = new(StringComparer.Ordinal);

    /// <summary>Each life and when it began: microseconds since 1970 by the clock of Redis; 0 if not known.</summary>
    public IEnumerable<KeyValuePair<string, long>> All => _lives;

    /// <summary>Returns false if the life was known already. Of several times, the earliest counts: nodes meet a life one after the other.</summary>
    public bool TryAdd(string life, long began = 0)
    {
        var isNew = _lives.TryAdd(life, began);
        while (!isNew && _lives[life] is var known && began > 0 && (known == 0 || began < known) && !_lives.TryUpdate(life, began, known))
        {
            // Somebody else was quicker, perhaps with an earlier time.
        }

        return isNew;
    }

    public bool IsEmpty => _lives.IsEmpty;

    public bool Contains(string life) => _lives.ContainsKey(life);

    /// <summary>Whether a life is known to have begun after one epoch of a log did, and before a later one did.</summary>
    public bool HasBegunBetween(string life, string epoch, string later) =>
        TimeOf(epoch) is > 0 and var from && TimeOf(later) is > 0 and var to && _lives.TryGetValue(life, out var began) && from < began && began <= to;

    /// <summary>Whether any life did.</summary>
    /// <param name="epoch">The earlier epoch.</param>
    /// <param name="later">The later epoch.</param>
    /// <param name="others">Lives that do not count, since they began epochs of the log themselves.</param>
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
