namespace Chat.Faults.Checking;

/// <summary>What stands where in the topics' logs: who is first to see a message says so, everybody else has to agree.</summary>
/// <param name="mayForget">Whether Redis loses its data in this scenario, and with it which ids it knows.</param>
internal sealed class SharedLog(bool mayForget)
{
    private readonly Dictionary<(string Topic, string Epoch, long Offset), string> _ids = [];
    private readonly Dictionary<string, Position> _positions = [];
    private readonly Dictionary<string, TopicReader> _first = [];
    private readonly Dictionary<string, int> _ranks = [];

    public bool MayForget => mayForget;

    /// <summary>Messages that stand at two positions, in words.</summary>
    public List<string> Twice { get; } = [];

    /// <summary>Whether nobody has seen another message at this position.</summary>
    public bool IsAt(SentMessage message, Position position)
    {
        if (!_positions.TryAdd(message.Id, position) && _positions[message.Id] != position && !(mayForget && _positions[message.Id].Epoch != position.Epoch))
        {
            Twice.Add($"{message} stands at {_positions[message.Id]} and at {position}");
        }

        var key = (message.Topic, position.Epoch, position.Offset);
        return _ids.TryAdd(key, message.Id) || _ids[key] == message.Id;
    }

    /// <summary>Where there are no positions: the place at which the topic's first reader got it; null: it did not, so it says nothing.</summary>
    public int? RankOf(SentMessage message, TopicReader reader)
    {
        _first.TryAdd(message.Topic, reader);
        if (_first[message.Topic] == reader)
        {
            _ranks[message.Id] = _ranks.Count;
        }

        return _ranks.TryGetValue(message.Id, out var rank) ? rank : null;
    }
}
