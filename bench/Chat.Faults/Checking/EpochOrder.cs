namespace Chat.Faults.Checking;

/// <summary>The order of a topic's epochs. Epochs themselves can only be compared for equality.</summary>
internal sealed class EpochOrder
{
    private readonly Dictionary<(string Topic, string Epoch), TimeSpan> _first = [];

    public void See(string topic, Position? position, TimeSpan at)
    {
        if (position is { } place && !(_first.TryGetValue((topic, place.Epoch), out var first) && first <= at))
        {
            _first[(topic, place.Epoch)] = at;
        }
    }

    public Place PlaceOf(string topic, Position position) => new(_first[(topic, position.Epoch)], position.Offset);
}

/// <summary>A position that can be compared with others of its topic. The time of an epoch is when it was first seen.</summary>
internal readonly record struct Place(TimeSpan Epoch, long Offset) : IComparable<Place>
{
    public static readonly Place Start = new(TimeSpan.MinValue, 0);

    public static bool operator <=(Place one, Place other) => one.CompareTo(other) <= 0;

    public static bool operator >=(Place one, Place other) => one.CompareTo(other) >= 0;

    public static bool operator <(Place one, Place other) => one.CompareTo(other) < 0;

    public static bool operator >(Place one, Place other) => one.CompareTo(other) > 0;

    public int CompareTo(Place other) => Epoch == other.Epoch ? Offset.CompareTo(other.Offset) : Epoch.CompareTo(other.Epoch);
}
