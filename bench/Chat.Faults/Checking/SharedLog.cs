namespace Chat.Faults.Checking;

/// <summary>The order of messages in the topics' logs. The first client that sees a message determines its place, and all others have to agree.</summary>
/// <param name="mayForget">Whether Redis loses its data in this scenario, and with them the ids it knows.</param>
internal sealed class SharedLog(bool mayForget)
{
    private readonly Dictionary<(string Topic, string Epoch, long Offset), string> _ids = [];
    private readonly Dictionary<string, Position> _positions = [];
    private readonly Dictionary<string, TopicReader> _first = [];
    private readonly Dictionary<string, int> _ranks = [];

    public bool MayForget => mayForget;

    /// <summary>Messages that stand at two positions, in words.</summary>
    public List<string> Twice { get; } = [];

    /// <summary>Whether no client has seen another message at this position.</summary>
    public bool IsAt(SentMessage message, Position position)
    {
        if (!_positions.TryAdd(message.Id, position) && _positions[message.Id] != position && !(mayForget && _positions[message.Id].Epoch != position.Epoch))
        {
            Twice.Add($"{message} stands at {_positions[message.Id]} and at {position}");
        }

        var key = (message.Topic, position.Epoch, position.Offset);
        return _ids.TryAdd(key, message.Id) || _ids[key] == message.Id;
    }

    /// <summary>For systems without positions: the place of the message among those of the topic's first reader. Null if that one did not receive it,
    /// so that nothing can be said.</summary>
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
