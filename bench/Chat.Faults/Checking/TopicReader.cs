namespace Chat.Faults.Checking;

/// <summary>Goes through what came to one client in one topic, and counts what should not have.</summary>
/// <param name="orders">The epochs' order.</param>
/// <param name="log">What stands where, agreed among all members.</param>
internal sealed class TopicReader(EpochOrder orders, SharedLog log)
{
    private readonly Dictionary<string, Position?> _seen = [];
    private readonly List<(Place From, Place To)> _holes = [];
    private Place _reached = Place.Start;
    private bool _isAfterHole;
    private int _rank = -1; // without positions: how far it is in the order of the first who saw them

    /// <summary>What came again, in words.</summary>
    public List<string> Again { get; } = [];

    public int Reordered { get; private set; }

    public bool HasHoles => _holes.Count > 0;

    public bool Has(string id) => _seen.ContainsKey(id);

    /// <summary>Whether the client knows that this may be missing.</summary>
    public bool IsTold(string topic, Position position)
    {
        var place = orders.PlaceOf(topic, position);
        return _holes.Exists(hole => place > hole.From && place <= hole.To);
    }

    public void Read(Arrival arrival, SentMessage message)
    {
        // After a hole everything the log still has comes again, to be dropped by its id.
        if (_seen.TryGetValue(message.Id, out var before))
        {
            if (!HasHoles || !(before == arrival.Position || log.MayForget))
            {
                Again.Add($"{message}, which it had at {before}, at {arrival.Position}");
            }

            return;
        }

        _seen[message.Id] = arrival.Position;
        if (arrival.Position is not { } position)
        {
            var rank = log.RankOf(message, this) ?? _rank;
            Reordered += rank < _rank ? 1 : 0;
            _rank = Math.Max(_rank, rank);
            return;
        }

        var place = orders.PlaceOf(arrival.Topic, position);
        if (_isAfterHole && place < _reached && place.Offset > _reached.Offset)
        {
            // Its position is of the log's latest epoch, and what follows may be of the one before: offsets go on from epoch to epoch.
            _reached = _reached with { Epoch = place.Epoch };
            _holes[^1] = (_holes[^1].From, _reached);
        }

        _isAfterHole = false;
        Reordered += place > _reached && log.IsAt(message, position) ? 0 : 1;
        _reached = place;
    }

    public void ReadHole(Arrival hole)
    {
        var to = orders.PlaceOf(hole.Topic, hole.Position!.Value);
        _holes.Add((_reached, to));
        (_reached, _isAfterHole) = (to, true);
    }
}
