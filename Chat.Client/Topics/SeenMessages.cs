namespace Chat.Client.Topics;

/// <summary>The latest messages that the reader got: when a log has lost its place, all of it comes again.</summary>
/// <remarks>Not safe for concurrent use.</remarks>
internal sealed class SeenMessages
{
    private const int Most = 4096; // more than the logs of several groups have by default

    private readonly HashSet<(string Topic, string From, string Id)> _all = [];
    private readonly Queue<(string Topic, string From, string Id)> _inOrder = [];

    public bool Has(string topic, string from, string id) => _all.Contains((topic, from, id));

    /// <summary>Returns false if the message is among them already.</summary>
    public bool Add(string topic, string from, string id)
    {
        if (!_all.Add((topic, from, id)))
        {
            return false;
        }

        _inOrder.Enqueue((topic, from, id));
        if (_inOrder.Count > Most)
        {
            _all.Remove(_inOrder.Dequeue());
        }

        return true;
    }
}
