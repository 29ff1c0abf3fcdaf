using System.Globalization;

namespace Chat.Bench.Workloads;

/// <summary>Who connects, and who writes how much.</summary>
/// <param name="Name">The name on the command line.</param>
internal sealed record Workload(string Name)
{
    public const int Max = 0;

    public const string Fanout = "fanout";
    public const string Rooms = "rooms";
    public const string Pairs = "pairs";
    public const string Idle = "idle";
    public const string Storm = "storm";

    /// <summary>Groups of two, many of them on each connection. Not on the command line by itself, but part of <c>growth</c>.</summary>
    public const string Topics = "topics";

    public int Connections { get; init; }

    /// <summary>The size of a group.</summary>
    public int Group { get; init; } = 1;

    /// <summary>The number of writers in a group.</summary>
    public int Writers { get; init; }

    /// <summary>The number of groups in which the same connections are together.</summary>
    public int TopicsEach { get; init; } = 1;

    /// <summary>Messages a second from all writers together, or <see cref="Max"/>.</summary>
    public double Rate { get; init; }

    /// <summary>With <see cref="Max"/>: how many deliveries are under way.</summary>
    public int Window { get; init; }

    public bool Writes => Writers > 0;

    public bool HasGroups => Name is Fanout or Rooms or Topics || Missed > 0;

    /// <summary>How many messages connecting clients have missed in their group and catch up on.</summary>
    public int Missed { get; init; }

    /// <summary>The title in the table.</summary>
    public string Title => string.Create(CultureInfo.InvariantCulture, $"{Name}:{(!Writes ? Connections : Rate == Max ? "max" : Rate)}");

    /// <summary>Parses a name with an optional amount behind it. Null if there is no such workload.</summary>
    public static Workload? Parse(string text, Sizes sizes)
    {
        var (name, amount) = text.Split(':', 2) is [var before, var after] ? (before, after) : (text, null);
        var number = amount is null or "max" ? 0 : double.TryParse(amount, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) && parsed is > 0 and < 1e9 ? parsed : -1;
        if (number < 0 || (amount == "max" && name is Idle or Storm))
        {
            return null;
        }

        double Or(int inFull, int quick) => amount is not null ? number : sizes.IsQuick ? quick : inFull;
        int Count(int inFull) => amount is not null ? (int)number : sizes.Connections ?? (sizes.IsQuick ? Sizes.Quick : inFull);
        var people = sizes.Connections ?? (sizes.IsQuick ? Sizes.Quick : 1000);
        var group = sizes.Group ?? 5;
        return name switch
        {
            Fanout => new(name) { Connections = people, Group = people, Writers = sizes.Writers ?? (sizes.IsQuick ? 3 : 10), Rate = Or(100, 50), Window = sizes.Window ?? 20_000 },
            Rooms => new(name) { Connections = people, Group = group, Writers = sizes.Writers ?? group, Rate = Or(2000, 60), Window = sizes.Window ?? 2000 },
            Pairs => new(name) { Connections = people, Group = 2, Writers = 2, Rate = Or(5000, 60), Window = sizes.Window ?? 500 },
            Idle => new(name) { Connections = Count(10_000) },
            Storm => new(name) { Connections = Count(3000), Missed = sizes.Missed, Group = sizes.Missed > 0 ? Math.Min(sizes.Group ?? 10, Count(3000)) : 1 },
            _ => null,
        };
    }
}

/// <summary>Sizes given on the command line in place of the defaults.</summary>
internal sealed record Sizes(int? Connections, int? Group, int? Writers, int? Window, bool IsQuick)
{
    public int Missed { get; init; }

    /// <summary>The number of connections of a quick run.</summary>
    public const int Quick = 30;
}
