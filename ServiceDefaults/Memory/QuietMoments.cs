namespace ServiceDefaults.Memory;

/// <summary>Finds the moments in which a process has nothing to do, and has memory that is worth giving back.</summary>
/// <param name="largestHeap">In bytes; collecting a larger heap would take too long.</param>
internal sealed class QuietMoments(long largestHeap)
{
    // A share of one processor, and bytes allocated in a second. Ten thousand idle connections take less; clients that connect take more of both.
    private const double Quiet = 0.1;
    private const long Little = 1024 * 1024;

    // Bytes allocated since the last such moment. Fewer bytes, such as the start of a process leaves behind, are not worth a pause.
    private const long Least = 16 * 1024 * 1024;

    // At most a two-hundredth of the time is spent on collections.
    private const int TimesThePause = 200;

    private Look? _last;
    private long _allocated; // up to the last such moment; collections by the runtime do not count, because they give nothing back
    private TimeSpan _notBefore;

    /// <summary>Whether a look is worth its cost. Everything else is more expensive to find out.</summary>
    /// <param name="allocated">As in <see cref="Look"/>.</param>
    public bool MayCome(long allocated)
    {
        var mayCome = allocated - _allocated >= Least;
        _last = mayCome ? _last : null;
        return mayCome;
    }

    /// <summary>Whether this is such a moment: nothing has gone on since the last look.</summary>
    public bool IsOne(Look now)
    {
        var isQuiet = _last is { } last
            && now.Processor - last.Processor < Quiet * (now.At - last.At)
            && now.Allocated - last.Allocated < Little * (now.At - last.At).TotalSeconds;
        _last = now;
        return isQuiet && now.Allocated - _allocated >= Least && now.Heap <= largestHeap && now.At >= _notBefore;
    }

    /// <summary>The moment has been used for a collection.</summary>
    /// <param name="now">The look after the collection.</param>
    /// <param name="pause">How long the collection took.</param>
    public void Used(Look now, TimeSpan pause)
    {
        (_last, _allocated) = (null, now.Allocated);
        _notBefore = now.At + (TimesThePause * pause);
    }

    /// <summary>What a look at the process finds.</summary>
    /// <param name="At">The time since the process began to look.</param>
    /// <param name="Processor">The processor time used so far, without that of the just-in-time compiler, which goes on for a while after a storm of
    /// clients, whatever else happens.</param>
    /// <param name="Allocated">The bytes allocated so far.</param>
    /// <param name="Heap">The size of the heap after the last collection, in bytes.</param>
    public sealed record Look(TimeSpan At, TimeSpan Processor, long Allocated, long Heap);
}
