namespace Chat.Faults.Checking;

/// <summary>Goes through the messages that one client received in one topic, and counts those that it should not have received.</summary>
/// <param name="orders">The order of the epochs.</param>
/// <param name="log">The order of messages on which all members agree.</param>
internal sealed class TopicReader(EpochOrder orders, SharedLog log)
{
    private readonly Dictionary<string, Position?> _seen = [];
    private readonly List<(Place From, Place To)> _holes = [];
    private Place _reached = Place.Start;
    private bool _isAfterHole;
    private int _rank = -1; // without positions: the place reached in the order of the topic's first reader

    /// <summary>Messages that arrived again, in words.</summary>
    public List<string> Again { get; } = [];

    public int Reordered { get; private set; }

    public bool HasHoles => _holes.Count > 0;

    public bool Has(string id) => _seen.ContainsKey(id);

    /// <summary>Whether the client was told that the message at this position may be missing.</summary>
    public bool IsTold(string topic, Position position)
    {
        var place = orders.PlaceOf(topic, position);
        return _holes.Exists(hole => place > hole.From && place <= hole.To);
    }

    public void Read(Arrival arrival, SentMessage message)
    {
        // After a hole the whole rest of the log arrives again, and clients drop known messages by id.
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
            // The hole's position is in the log's latest epoch, but messages after it may be in the epoch before. Offsets continue from epoch to epoch.
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
