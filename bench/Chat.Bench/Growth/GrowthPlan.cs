using System.Globalization;
using Chat.Bench.Workloads;

namespace Chat.Bench.Growth;

/// <summary>The points to measure. In a family of points everything but the growing quantity stays the same.</summary>
internal static class GrowthPlan
{
    public const string Members = "members";
    public const string Groups = "groups";
    public const string Connections = "connections";
    public const string Nodes = "nodes";

    public static readonly string[] Families = [Members, Groups, Connections, Nodes];

    private static readonly int[] GroupSizes = [10, 100, 1000, 10_000];
    private static readonly int[] GroupCounts = [10, 100, 1000, 10_000, 100_000];
    private static readonly int[] SilentCounts = [1000, 10_000, 50_000, 100_000];
    private static readonly int[] NodeCounts = [1, 2, 3, 6];

    private const int GroupsPerConnection = 100; // a node's default limit
    private const double DeliveriesPerSecond = 50_000;
    private const double MessagesPerSecond = 2000;

    public static IEnumerable<GrowthPoint> Of(string family, BenchOptions options) => family switch
    {
        Members => Sizes(options, GroupSizes).Select(size => new GrowthPoint(Members, $"{Text(size)} in a group", Group(size, options)) { Nodes = options.Nodes }),
        Groups => Sizes(options, GroupCounts).Select(size => new GrowthPoint(Groups, $"{Text(size)} groups", Topics(size, options)) { Nodes = options.Nodes }),
        Connections => Capacity.Within(Sizes(options, SilentCounts), options).Select(size =>
            new GrowthPoint(Connections, $"{Text(size)} silent", Pairs(options)) { Nodes = options.Nodes, Silent = size }),
        _ => Sizes(options, NodeCounts).SelectMany(nodes => new[]
        {
            new GrowthPoint(Nodes, $"{nodes}: a group over all", Spread(options)) { Nodes = nodes },
            new GrowthPoint(Nodes, $"{nodes}: pairs", Pairs(options)) { Nodes = nodes },
        }),
    };

    private static int[] Sizes(BenchOptions options, int[] inFull) => options.IsQuick ? [Math.Min(inFull[0], 20)] : inFull;

    // Keeps the deliveries a second the same for every number of members.
    private static Workload Group(int members, BenchOptions options) => new(Workload.Fanout)
    {
        Connections = members,
        Group = members,
        Writers = Math.Min(members, 10),
        Rate = (options.IsQuick ? 200 : DeliveriesPerSecond) / (members - 1),
    };

    // Groups of two, each on two nodes. Few groups are on few connections; where there are many groups, each connection is in many of them.
    private static Workload Topics(int groups, BenchOptions options)
    {
        var pairs = Math.Max(Math.Min(groups, 500), groups / GroupsPerConnection);
        return new(Workload.Topics) { Connections = pairs * 2, Group = 2, Writers = 2, TopicsEach = groups / pairs, Rate = options.IsQuick ? 60 : MessagesPerSecond };
    }

    private static Workload Pairs(BenchOptions options) => new(Workload.Pairs)
    {
        Connections = options.IsQuick ? 20 : 500,
        Group = 2,
        Writers = 2,
        Rate = options.IsQuick ? 60 : MessagesPerSecond,
    };

    private static Workload Spread(BenchOptions options) => new(Workload.Fanout)
    {
        Connections = options.IsQuick ? 20 : 60,
        Group = options.IsQuick ? 20 : 60,
        Writers = 10,
        Rate = options.IsQuick ? 20 : MessagesPerSecond / 2,
    };

    private static string Text(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
