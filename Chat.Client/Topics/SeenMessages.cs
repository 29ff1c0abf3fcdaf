namespace Chat.Client.Topics;

/// <summary>The last messages that were given to who reads: where a log has lost its place, all of it comes again.</summary>
/// <remarks>Not safe for concurrent use.</remarks>
internal sealed class SeenMessages
{
    private const int Most = 4096; // more than a log has by default, of several groups

    private readonly HashSet<(string Topic, string From, string Id)> _all = [];
    private readonly Queue<(string Topic, string From, string Id)> _inOrder = [];

    /// <summary>False: it was given already.</summary>
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
