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
/// <para>In a Redis Cluster, ticks are published at one server after the other, since a server that is cut off from the others
/// brings only what is published at itself. The link is dead if at least half of a round of such ticks is missing: then another server
/// hears more. If fewer are missing, the other servers most likely hear no more than this one.</para>
/// </remarks>
internal sealed class SubscriptionTicks
{
    private const int UnreadyAfter = 3;
    private const int MostInARound = 5; // so many servers one after the other are enough to judge by, however many there are

    private readonly int _limit;
    private readonly Lock _gate = new(); // guards what follows, except the silence
    private readonly Queue<(long Soon, long Surely)> _expected = new(); // for each PING not answered yet: the numbers that have to come before its answer
    private readonly long[] _takenAt; // the last number that Redis had taken, at each of the ticks within the limit
    private int _ticks; // of this link
    private readonly SortedSet<long> _takenOnes = []; // those that Redis had taken since hearing began, without those that no longer count
    private readonly HashSet<long> _heardOnes = []; // likewise
    private long _last;
    private long _taken;
    private long _before; // numbers up to this one do not count
    private int _servers = 1; // to which ticks go in turn
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
    /// <param name="servers">To how many servers ticks go in turn.</param>
    public long Next(int servers = 1)
    {
        lock (_gate)
        {
            _servers = servers;
            return ++_last;
        }
    }

    /// <summary>Redis has accepted a number, so every subscriber will get it.</summary>
    public void Taken(long number)
    {
        lock (_gate)
        {
            _taken = Math.Max(_taken, number);
            if (number > _before)
            {
                _takenOnes.Add(number);
            }
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
            if (Utf8Parser.TryParse(number, out long value, out _) && value > _before)
            {
                _heardOnes.Add(value);
            }
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

            if (IsRoundMissing_NeedsLock(expected.Surely, out var first))
            {
                throw new RespException($"ticks {first} to {expected.Surely} have not come, or only a few, though what Redis was asked {_limit} ticks later has");
            }

            ForgetBefore_NeedsLock(first);
            _isMissingOne = IsRoundMissing_NeedsLock(expected.Soon, out _);
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
            ForgetBefore_NeedsLock(_last + 1);
            _isMissingOne = false;
        }
    }

    // Whether half of the ticks of a round have not come.
    private bool IsRoundMissing_NeedsLock(long upTo, out long first)
    {
        var round = Math.Min(_servers, MostInARound);
        var (taken, missing) = (0, 0);
        first = 0;
        foreach (var number in _takenOnes.Reverse().SkipWhile(number => number > upTo).Take(round))
        {
            first = number;
            taken++;
            missing += _heardOnes.Any(heard => heard >= number && (heard - number) % _servers == 0) ? 0 : 1; // or a later one of the same server
        }

        return taken == round && missing * 2 >= taken;
    }

    private void ForgetBefore_NeedsLock(long first)
    {
        _before = Math.Max(_before, first - 1);
        _takenOnes.RemoveWhere(number => number <= _before);
        _heardOnes.RemoveWhere(number => number <= _before);
    }

    private long TakenBefore_NeedsLock(int ticks) => ticks < _ticks ? _takenAt[(_ticks - ticks) % _takenAt.Length] : 0;
}
