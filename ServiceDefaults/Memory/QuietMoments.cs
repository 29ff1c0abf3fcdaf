namespace ServiceDefaults.Memory;

/// <summary>Finds the moments in which a process has nothing to do and memory that is worth giving back.</summary>
/// <param name="largestHeap">Beyond it, a collection would take too long.</param>
internal sealed class QuietMoments(long largestHeap)
{
    // A share of one processor, and bytes allocated in a second. Ten thousand idle connections take less; those who come, more of both.
    private const double Quiet = 0.1;
    private const long Little = 1024 * 1024;

    // Bytes allocated since the last one. Less, such as what a process's start leaves, is not worth a pause.
    private const long Least = 16 * 1024 * 1024;

    // A two-hundredth of the time, at most, is spent on it.
    private const int TimesThePause = 200;

    private Look? _last;
    private long _allocated; // by the last such moment: what the runtime collects by itself is not given back
    private TimeSpan _notBefore;

    /// <summary>Whether a look is worth its while. All else costs more to find out.</summary>
    /// <param name="allocated">As in <see cref="Look"/>.</param>
    public bool MayCome(long allocated)
    {
        var mayCome = allocated - _allocated >= Least;
        _last = mayCome ? _last : null;
        return mayCome;
    }

    /// <summary>Whether it is such a moment: nothing went on since the last look.</summary>
    public bool IsOne(Look now)
    {
        var isQuiet = _last is { } last
            && now.Processor - last.Processor < Quiet * (now.At - last.At)
            && now.Allocated - last.Allocated < Little * (now.At - last.At).TotalSeconds;
        _last = now;
        return isQuiet && now.Allocated - _allocated >= Least && now.Heap <= largestHeap && now.At >= _notBefore;
    }

    /// <summary>It has been used.</summary>
    /// <param name="now">How it is behind that.</param>
    /// <param name="pause">How long that took.</param>
    public void Used(Look now, TimeSpan pause)
    {
        (_last, _allocated) = (null, now.Allocated);
        _notBefore = now.At + (TimesThePause * pause);
    }

    /// <summary>How it is with the process.</summary>
    /// <param name="At">The time since the process began to look.</param>
    /// <param name="Processor">The processors' time that it has taken so far, but for its compiler's, which goes on for a while after a storm of clients, beside whatever else there is.</param>
    /// <param name="Allocated">The bytes that it has asked for so far.</param>
    /// <param name="Heap">The bytes that lay on the heap behind the last collection.</param>
    public sealed record Look(TimeSpan At, TimeSpan Processor, long Allocated, long Heap);
}
