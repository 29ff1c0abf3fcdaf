using System.Globalization;
using Chat.Bench.Clients;
using Chat.Bench.Measuring;
using Chat.Bench.Systems;

namespace Chat.Bench.Workloads;

/// <summary>The connections of one repetition, on their loops.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly Workload _workload;
    private readonly Connection[] _connections;
    private readonly Loop[] _loops;
    private bool _isOver;

    private Crowd(Workload workload, Door door, Target target, Round round, IReadOnlyDictionary<string, string> tokens, Func<IWires> wires, int threads, int before)
    {
        _workload = workload;
        Round = round;
        var places = target.Doors.Select(one => new Place(one.Address, one.Host, door, tokens)).ToArray();
        _connections = [.. Enumerable.Range(0, round.Seating.Connections).Select(i => new Connection(
            i, places[i % places.Length].For((i / places.Length) + before), GuestOf(i), new Track[workload.Writes ? round.Seating.Places : 0]))];
        _loops = [.. Enumerable.Range(0, threads).Select(_ => new Loop(wires(), round))];
    }

    public Round Round { get; }

    public Seating Seating => Round.Seating;

    public int Ready => _loops.Sum(loop => loop.Counts.Ready);

    public long Received => _loops.Sum(loop => loop.Counts.Received);

    public IEnumerable<Counts> Counts => _loops.Select(loop => loop.Counts);

    /// <summary>The first thing that went wrong, if anything.</summary>
    public string? Complaint => Counts.Select(counts => counts.Complaint).FirstOrDefault(complaint => complaint is not null);

    /// <summary>How many deliveries there are if none is missing.</summary>
    public long Expected => Counts.Sum(counts => counts.Sent) * Seating.FanOut;

    public static async Task<Crowd> GatherAsync(Workload workload, BenchOptions options, Target target)
    {
        var door = workload.Name == Workload.Topics ? new ChannelDoor(workload.TopicsEach) : workload.Missed > 0 ? new RawDoor(isJson: true) : Door.Of(options.Door);
        var seating = new Seating(workload.Connections, workload.Group, workload.Writers, door.HearsItself && workload.HasGroups, workload.TopicsEach);
        var round = new Round((uint)Random.Shared.NextInt64(1, uint.MaxValue), seating, options.Size, new UnderWay());
        if (workload.Missed > 0)
        {
            var groups = Enumerable.Range(0, seating.Connections / seating.Group).Select(group => NameOf(round, group));
            door = new RawDoor(isJson: true, await Absence.WriteAsync([.. groups], workload.Missed, options.Size, target), Absence.Last(workload.Missed));
        }

        var names = Enumerable.Range(0, seating.Connections).Select(i => NameOf(round, i));
        return new Crowd(workload, door, target, round, await target.Tokens.ForAsync(names, door), options.Wires, options.Threads, options.ConnectionsBefore);
    }

    /// <summary>Returns when all connections are ready or have failed.</summary>
    public Task ComeAsync(int atOnce) =>
        TakeAsync(turn => new Coming(Mine(turn, _ => true), Math.Max(1, atOnce / _loops.Length)));

    /// <summary>Returns when the time is over.</summary>
    public Task WriteAsync(Period times)
    {
        var all = _connections.Count(connection => Seating.Writes(connection.Index));
        return TakeAsync(turn =>
        {
            var mine = Mine(turn, connection => Seating.Writes(connection.Index));
            new Random(turn).Shuffle(mine); // so that successive writers are not of one group
            return _workload.Rate == Workload.Max
                ? new FullWriting(mine, _workload.Window, Round.UnderWay, times)
                : new SteadyWriting(mine, Clock.Second / _workload.Rate * all / Math.Max(1, mine.Length), Clock.Second / _workload.Rate * turn, times);
        });
    }

    /// <summary>Returns when everything has arrived or nothing more arrives, and a little later still, for messages that arrive twice.</summary>
    public async Task DrainAsync()
    {
        var (longest, stillness) = (Clock.Now + Clock.Of(8), Clock.Of(1.5));
        var (received, movedAt) = (Received, Clock.Now);
        while (Received < Expected && Clock.Now < longest && Clock.Now < movedAt + stillness)
        {
            await Task.Delay(10);
            (received, movedAt) = Received is var now && now != received ? (now, Clock.Now) : (received, movedAt);
        }

        await Task.Delay(100);
    }

    /// <summary>Says goodbye. Returns when all connections and then their threads have ended.</summary>
    public async Task LeaveAsync()
    {
        await TakeAsync(_ => new Leaving());
        Dispose();
    }

    /// <summary>How many deliveries are missing. To be called after all have left.</summary>
    public long CountLost() => !_workload.Writes ? 0
        : _connections.Sum(receiver => Seating.HeardBy(receiver.Index)
            .Sum(sender => receiver.Track(Seating.PlaceOf(sender, receiver.Index)).Missing(SentAs(sender))));

    public void Dispose()
    {
        if (!_isOver)
        {
            _isOver = true;
            Array.ForEach(_loops, loop => loop.Dispose());
        }
    }

    private uint SentAs(uint sender)
    {
        var (connection, topic) = Seating.WriterOf(sender);
        return _connections[connection].SentIn(topic);
    }

    private static string NameOf(Round round, int connection) => string.Create(CultureInfo.InvariantCulture, $"{Marker.TextOf(round.Run)}-{connection}");

    private Guest GuestOf(int connection) => new(
        NameOf(Round, connection), _workload.HasGroups ? NameOf(Round, Seating.GroupOf(connection)) : null, NameOf(Round, Seating.PeerOf(connection)));

    private Task TakeAsync(Func<int, ITurn> turn) => Task.WhenAll(_loops.Select((loop, i) => loop.TakeAsync(turn(i))));

    private Connection[] Mine(int loop, Func<Connection, bool> which) => [.. _connections.Where(connection => connection.Index % _loops.Length == loop && which(connection))];
}
