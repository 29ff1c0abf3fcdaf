namespace Chat.Bench.Workloads;

/// <summary>Assigns connections to groups and writers. Successive connections are in one group and, as doors are taken in turn, on different nodes.</summary>
internal sealed class Seating
{
    private readonly int[] _places; // index among the writers of the group, or -1

    /// <param name="connections">The number of connections. A remainder that does not fill a group is left out.</param>
    /// <param name="group">The size of a group.</param>
    /// <param name="writers">The writers of a group, evenly spread in it.</param>
    /// <param name="hearsItself">Whether a writer receives its own messages.</param>
    /// <param name="topics">The number of groups in which the same connections are together. A writer writes to one after the other.</param>
    public Seating(int connections, int group, int writers, bool hearsItself, int topics = 1)
    {
        Topics = topics;
        Group = Math.Min(group, connections);
        Connections = connections - (connections % Group);
        Writers = Math.Min(writers, Group);
        HearsItself = hearsItself;
        _places = new int[Connections];
        Array.Fill(_places, -1);
        for (var first = 0; first < Connections; first += Group)
        {
            for (var place = 0; place < Writers; place++)
            {
                _places[PlaceAt(first, place)] = place;
            }
        }
    }

    public int Connections { get; }

    public int Group { get; }

    public int Writers { get; }

    public int Topics { get; }

    /// <summary>How many senders each receiver hears: one for each writer and topic, since messages are ordered within a topic only.</summary>
    public int Places => Writers * Topics;

    public bool HearsItself { get; }

    /// <summary>How many connections receive a message.</summary>
    public int FanOut => HearsItself ? Group : Group - 1;

    public int GroupOf(int connection) => connection / Group;

    /// <summary>The next connection in the group.</summary>
    public int PeerOf(int connection) => (GroupOf(connection) * Group) + ((connection + 1) % Group);

    public bool Writes(int connection) => _places[connection] >= 0;

    /// <summary>The sender's number under which a connection writes in one of its topics.</summary>
    public uint SenderOf(int connection, int topic) => (uint)((connection * Topics) + topic);

    /// <summary>The reverse of <see cref="SenderOf"/>.</summary>
    public (int Connection, int Topic) WriterOf(uint sender) => ((int)(sender / (uint)Topics), (int)(sender % (uint)Topics));

    /// <summary>The sender's index among those that the receiver hears, or -1.</summary>
    public int PlaceOf(uint sender, int receiver)
    {
        var (connection, topic) = WriterOf(sender);
        return connection < _places.Length && _places[connection] is var place and >= 0 && GroupOf(connection) == GroupOf(receiver) && (HearsItself || connection != receiver)
            ? (place * Topics) + topic
            : -1;
    }

    /// <summary>Every sender that the receiver hears.</summary>
    public IEnumerable<uint> HeardBy(int receiver)
    {
        var first = GroupOf(receiver) * Group;
        return Enumerable.Range(0, Writers)
            .Select(place => PlaceAt(first, place))
            .Where(connection => HearsItself || connection != receiver)
            .SelectMany(connection => Enumerable.Range(0, Topics).Select(topic => SenderOf(connection, topic)));
    }

    private int PlaceAt(int first, int place) => first + (int)((long)place * Group / Writers);
}
