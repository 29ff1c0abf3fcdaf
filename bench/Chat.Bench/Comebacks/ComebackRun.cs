namespace Chat.Bench.Comebacks;

/// <summary>All clients lose their connections at the same moment and come back. The run goes event by event on a simulated clock; the same seed
/// gives the same result.</summary>
/// <remarks>
/// <para>The client's pauses are those of Chat.Client: random between zero and a bound that doubles with each failure, and after that the time in
/// <c>Retry-After</c>. The edge's limits are those of its <c>ArrivalLimits</c>: a bucket of tokens that is filled ten times a second, then a number
/// of upgrades at once, then a wait of at most two seconds. Everybody else gets 503 with 1 to 5 seconds.</para>
/// <para>CPU is a queue at each edge, node and Redis server: first come, first served, at a fixed cost per piece. Work for a client that has given up
/// waiting is done all the same.</para>
/// </remarks>
internal sealed class ComebackRun
{
    private const int LongestRetryAfter = 5; // the edge's; random from 1
    private const int NodeRetryAfter = 2; // a node's, if Redis does not answer
    private const int MostDoublings = 30;
    private const double Standstill = 60; // seconds without anybody coming back: nobody will any more

    private readonly ComebackSettings _settings;
    private readonly Random _random;
    private readonly Calendar<Event> _events = new();
    private readonly Gate[] _edges;
    private readonly double[] _nodes; // the time until which each is busy
    private readonly double[] _shards;
    private readonly byte[] _attempts;
    private readonly byte[] _failures;
    private readonly double[] _givesUpAt;
    private int _nextNode;

    private ComebackRun(ComebackSettings settings)
    {
        _settings = settings;
        _random = new Random(settings.Seed);
        _edges = [.. Enumerable.Range(0, settings.Edges).Select(_ => new Gate(settings))];
        _nodes = new double[settings.Nodes];
        _shards = new double[settings.Shards];
        _attempts = new byte[settings.Clients];
        _failures = new byte[settings.Clients];
        _givesUpAt = new double[settings.Clients];
        Result = new ComebackResult(settings);
    }

    private ComebackResult Result { get; }

    public static ComebackResult Of(ComebackSettings settings)
    {
        var run = new ComebackRun(settings);
        for (var client = 0; client < settings.Clients; client++)
        {
            run.Fail(client, now: 0, retryAfter: 0); // its connection ends
        }

        while (run._events.TryTake(out var next, out var now) && now < Math.Max(settings.Away, run.Result.LastAt) + Standstill)
        {
            run.Do(next, now);
        }

        run.Result.Attempts = run._attempts;
        return run.Result;
    }

    private void Do(Event next, double now)
    {
        switch (next.Step)
        {
            case Step.Arrives:
                Arrive(next.Client, now);
                break;
            case Step.IsRead:
                Read(next.Client, next.Place, now);
                break;
            case Step.HasWaited:
                if (_edges[next.Place].TryAbandon(next.Client, now))
                {
                    Refuse(next.Client, now);
                }

                break;
            case Step.IsThroughNode:
                AskRedis(next.Client, next.Place, now);
                break;
            case Step.IsIn:
                Leave(next.Place, now);
                Result.Back(now);
                break;
            default:
                Leave(next.Place, now); // the node has given up on Redis, or the client on the attempt
                Fail(next.Client, now, next.Step == Step.IsUnanswered ? NodeRetryAfter : 0);
                break;
        }
    }

    private void Arrive(int client, double now)
    {
        _attempts[client]++;
        if (now < _settings.Away)
        {
            Fail(client, now, retryAfter: 0);
            return;
        }

        var edge = _random.Next(_edges.Length);
        Result.Attempt(edge, now);
        _givesUpAt[client] = now + _settings.Patience;
        Put(Step.IsRead, client, edge, Busy(ref _edges[edge].BusyUntil, now, _settings.RefusalCost / _settings.Cores));
    }

    private void Read(int client, int edge, double now)
    {
        if (now > _givesUpAt[client])
        {
            Fail(client, now, retryAfter: 0);
        }
        else if (!_edges[edge].TryTakeToken(now))
        {
            Refuse(client, now);
        }
        else if (_edges[edge].TryEnter())
        {
            Enter(client, edge, now);
        }
        else if (_edges[edge].TryWait(client, now) is { } until)
        {
            Put(Step.HasWaited, client, edge, until);
        }
        else
        {
            Refuse(client, now);
        }
    }

    private void Enter(int client, int edge, double now)
    {
        var more = Math.Max(0, _settings.EdgeCost - _settings.RefusalCost);
        var passed = Busy(ref _edges[edge].BusyUntil, now, more / _settings.Cores);
        var node = _nextNode++ % _nodes.Length; // the edges pick the node with the fewest connections, which has the same effect
        Put(Step.IsThroughNode, client, edge, Busy(ref _nodes[node], passed, _settings.NodeCost / _settings.Cores));
    }

    private void AskRedis(int client, int edge, double now)
    {
        var shard = _random.Next(_shards.Length);
        Result.Connect(now);
        var answered = Busy(ref _shards[shard], now, _settings.RedisCost + _settings.CatchUpCost);
        Result.RedisWait(answered - now);
        var patience = Math.Min(_givesUpAt[client], now + _settings.NodePatience);
        if (answered <= patience)
        {
            Put(Step.IsIn, client, edge, answered);
        }
        else
        {
            Put(patience < _givesUpAt[client] ? Step.IsUnanswered : Step.IsGivenUp, client, edge, Math.Max(now, patience));
        }
    }

    private void Leave(int edge, double now)
    {
        if (_edges[edge].Leave() is { } next)
        {
            Enter(next, edge, now);
        }
    }

    private void Refuse(int client, double now)
    {
        Result.Refused++;
        Fail(client, now, 1 + _random.Next(LongestRetryAfter));
    }

    private void Fail(int client, double now, int retryAfter)
    {
        ComeLater(client, now, retryAfter);
        _failures[client] = (byte)Math.Min(_failures[client] + 1, byte.MaxValue);
    }

    private void ComeLater(int client, double now, int retryAfter = 0)
    {
        var longest = Math.Min(_settings.LongestDelay, _settings.FirstDelay * Math.Pow(2, Math.Min((int)_failures[client], MostDoublings)));
        var pause = _settings.IsStubborn ? 1 : (_random.NextDouble() * longest) + retryAfter;
        Put(Step.Arrives, client, 0, now + pause + _settings.RoundTrip);
    }

    // The time at which the work is done, in a queue that is processed one after the other.
    private static double Busy(ref double until, double now, double microseconds) => until = Math.Max(until, now) + (microseconds / 1e6);

    private void Put(Step step, int client, int place, double at) => _events.Put(new Event(step, client, place), at);

    private enum Step : byte
    {
        Arrives,
        IsRead,
        HasWaited,
        IsThroughNode,
        IsIn,
        IsUnanswered,
        IsGivenUp,
    }

    private readonly record struct Event(Step Step, int Client, int Place);
}
