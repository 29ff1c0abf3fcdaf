namespace Chat.Bench.Workloads;

/// <summary>Who is in which group, and who writes there: connections that follow each other are in one group, and, as doors are taken in turn, on different nodes.</summary>
internal sealed class Seating
{
    private readonly int[] _places; // among the writers of its group, or -1

    /// <param name="connections">How many there are; what is left over of a group is left out.</param>
    /// <param name="group">How many are in a group.</param>
    /// <param name="writers">How many of a group write, evenly spread in it.</param>
    /// <param name="hearsItself">Whether who writes gets that, too.</param>
    /// <param name="topics">In how many groups the same connections are together; who writes does so in one after the other.</param>
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

    /// <summary>How many senders each receiver hears: one for each writer and topic, since there is an order in each topic only.</summary>
    public int Places => Writers * Topics;

    public bool HearsItself { get; }

    /// <summary>To how many a message goes.</summary>
    public int FanOut => HearsItself ? Group : Group - 1;

    public int GroupOf(int connection) => connection / Group;

    /// <summary>The next one in the group.</summary>
    public int PeerOf(int connection) => (GroupOf(connection) * Group) + ((connection + 1) % Group);

    public bool Writes(int connection) => _places[connection] >= 0;

    /// <summary>As what a connection writes in one of its topics.</summary>
    public uint SenderOf(int connection, int topic) => (uint)((connection * Topics) + topic);

    /// <summary>The reverse.</summary>
    public (int Connection, int Topic) WriterOf(uint sender) => ((int)(sender / (uint)Topics), (int)(sender % (uint)Topics));

    /// <summary>The sender's place among those whom the receiver hears, or -1.</summary>
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
