using System.Buffers.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Judges whether this node's subscriptions are alive, by what must have arrived by now and not by how late it is.</summary>
/// <remarks>
/// <para>Each tick, the node publishes a number to itself and sends PING over the subscription link. Two things show that this
/// link is dead: <em>silence</em>, when nothing at all was read during several ticks; or <em>order</em>, when a number that Redis
/// accepted <see cref="BackplaneOptions.SilenceLimit"/> before a PING has not arrived before the reply to that PING. The second
/// finds a link that is alive but has lost the tick's channel, and so perhaps others.</para>
/// <para>A node that is merely behind, however far, shows neither: bytes arrive, and in order. Nor does one that was stopped for a
/// while: ticks are counted, not time, and a stopped node makes none.</para>
/// </remarks>
internal sealed class SubscriptionTicks
{
    private const int UnreadyAfter = 3;

    private readonly int _limit;
    private readonly Lock _gate = new(); // guards what follows, except the silence
    private readonly Queue<(long Soon, long Surely)> _expected = new(); // for each PING not answered yet: the numbers that have to come before its answer
    private readonly long[] _takenAt; // the last number that Redis had taken, at each of the ticks within the limit
    private int _ticks; // of this link
    private long _last;
    private long _taken;
    private long _heard;
    private bool _isMissingOne;
    private int _silence; // ticks since anything was read

    public SubscriptionTicks(BackplaneOptions options)
    {
        _limit = (int)Math.Ceiling(options.SilenceLimit / options.TickInterval);
        _takenAt = new long[Math.Max(_limit, UnreadyAfter) + 1];
    }

    /// <summary>Why the subscriptions may be dead, or null if nothing suggests it.</summary>
    public string? Doubt
    {
        get
        {
            var silence = Volatile.Read(ref _silence);
            lock (_gate)
            {
                return silence > UnreadyAfter ? $"Subscriptions have been silent for {silence - 1} ticks."
                    : _isMissingOne ? "Subscriptions do not bring this node's own ticks."
                    : null;
            }
        }
    }

    /// <summary>Whether nothing has arrived for so long that the link counts as dead.</summary>
    public bool IsDead => Volatile.Read(ref _silence) > _limit;

    /// <summary>The number to publish at this tick.</summary>
    public long Next()
    {
        lock (_gate)
        {
            return ++_last;
        }
    }

    /// <summary>Redis has accepted a number, so every subscriber will get it.</summary>
    public void Taken(long number)
    {
        lock (_gate)
        {
            _taken = Math.Max(_taken, number);
        }
    }

    /// <summary>Call before a PING is sent, under a lock that keeps the PINGs in order.</summary>
    public void Asking()
    {
        Interlocked.Increment(ref _silence);
        lock (_gate)
        {
            _takenAt[++_ticks % _takenAt.Length] = _taken;
            _expected.Enqueue((TakenBefore_NeedsLock(UnreadyAfter), TakenBefore_NeedsLock(_limit)));
        }
    }

    /// <summary>Something was read.</summary>
    public void Read() => Volatile.Write(ref _silence, 0);

    public void Heard(ReadOnlySpan<byte> number)
    {
        lock (_gate)
        {
            _heard = Utf8Parser.TryParse(number, out long value, out _) ? Math.Max(_heard, value) : _heard;
        }
    }

    /// <summary>Returns whether the PING was sent over this link, after its first subscriptions.</summary>
    /// <exception cref="RespException">A tick is missing, so the link must be replaced.</exception>
    public bool Answered()
    {
        lock (_gate)
        {
            if (!_expected.TryDequeue(out var expected))
            {
                return false;
            }

            if (expected.Surely > _heard)
            {
                throw new RespException($"tick {expected.Surely} has not come, though what Redis was asked {_limit} ticks later has");
            }

            _isMissingOne = expected.Soon > _heard;
            return true;
        }
    }

    /// <summary>A new link has been made. What was asked over the last one will not be answered.</summary>
    public void BeginLink()
    {
        Read();
        lock (_gate)
        {
            _expected.Clear();
            _ticks = 0;
        }
    }

    /// <summary>All subscriptions are in place again. What was published before may have been missed.</summary>
    public void BeginHearing()
    {
        lock (_gate)
        {
            _heard = _last;
            _isMissingOne = false;
        }
    }

    private long TakenBefore_NeedsLock(int ticks) => ticks < _ticks ? _takenAt[(_ticks - ticks) % _takenAt.Length] : 0;
}
