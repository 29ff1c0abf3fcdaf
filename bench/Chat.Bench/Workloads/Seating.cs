namespace Chat.Bench.Workloads;

/// <summary>Who is in which group, and who writes there: connections that follow each other are in one group, and, as doors are taken in turn, on different nodes.</summary>
internal sealed class Seating
{
    private readonly int[] _places; // among the writers of its group, or -1

    /// <param name="connections">How many there are; what is left over of a group is left out.</param>
    /// <param name="group">How many are in a group.</param>
    /// <param name="writers">How many of a group write, evenly spread in it.</param>
    /// <param name="hearsItself">Whether who writes gets that, too.</param>
    public Seating(int connections, int group, int writers, bool hearsItself)
    {
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
                _places[first + (int)((long)place * Group / Writers)] = place;
            }
        }
    }

    public int Connections { get; }

    public int Group { get; }

    public int Writers { get; }

    public bool HearsItself { get; }

    /// <summary>To how many a message goes.</summary>
    public int FanOut => HearsItself ? Group : Group - 1;

    public int GroupOf(int connection) => connection / Group;

    /// <summary>The next one in the group.</summary>
    public int PeerOf(int connection) => (GroupOf(connection) * Group) + ((connection + 1) % Group);

    public bool Writes(int connection) => _places[connection] >= 0;

    /// <summary>The sender's place among those whom the receiver hears, or -1.</summary>
    public int PlaceOf(uint sender, int receiver) =>
        sender < _places.Length && GroupOf((int)sender) == GroupOf(receiver) && (HearsItself || sender != receiver) ? _places[sender] : -1;

    public IEnumerable<int> HeardBy(int receiver) => Enumerable.Range(GroupOf(receiver) * Group, Group).Where(sender => PlaceOf((uint)sender, receiver) >= 0);
}
