namespace Chat.Bench.Comebacks;

/// <summary>The result of a comeback. Times count from when servers answer again.</summary>
internal sealed class ComebackResult(ComebackSettings settings)
{
    private readonly List<float> _back = new(settings.Clients); // in ascending order
    private readonly Dictionary<(int Edge, int Second), int> _attemptsAt = [];
    private readonly Dictionary<int, int> _connectsAt = [];

    public ComebackSettings Settings => settings;

    /// <summary>The number of attempts of each client.</summary>
    public IReadOnlyList<byte> Attempts { get; set; } = [];

    /// <summary>How often an edge answered 503.</summary>
    public long Refused { get; set; }

    public int BackAtAll => _back.Count;

    /// <summary>When the last client came back, on the clock of the run.</summary>
    public double LastAt { get; private set; }

    /// <summary>The longest wait for Redis, in seconds.</summary>
    public double LongestRedisWait { get; private set; }

    /// <summary>The most attempts at one edge in a second.</summary>
    public int PeakAtEdge => _attemptsAt.Values.DefaultIfEmpty().Max();

    public int PeakAtAllEdges => _attemptsAt.GroupBy(one => one.Key.Second).Select(second => second.Sum(one => one.Value)).DefaultIfEmpty().Max();

    /// <summary>The most connects at all Redis servers in a second.</summary>
    public int PeakAtRedis => _connectsAt.Values.DefaultIfEmpty().Max();

    public double MeanAttempts => Attempts.Average(attempts => attempts);

    /// <summary>The number of attempts that one client in a hundred exceeds.</summary>
    public int P99Attempts => Attempts.Order().ElementAt((int)(Attempts.Count * 0.99));

    /// <summary>Seconds until this share of all clients is back, or null if it never is.</summary>
    public double? Until(double share) => Math.Max(1, (int)Math.Ceiling(share * settings.Clients)) is var count && count <= _back.Count ? _back[count - 1] : null;

    public void Attempt(int edge, double now) => Count(_attemptsAt, (edge, (int)now));

    public void Connect(double now) => Count(_connectsAt, (int)now);

    public void RedisWait(double seconds) => LongestRedisWait = Math.Max(LongestRedisWait, seconds);

    public void Back(double now)
    {
        _back.Add((float)(now - settings.Away));
        LastAt = now;
    }

    private static void Count<T>(Dictionary<T, int> counts, T at)
        where T : notnull => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, at, out _)++;
}
