using System.Globalization;
using Chat.Bench.Reports;

namespace Chat.Bench.Comebacks;

/// <summary>The command <c>comeback</c>: calculates a case that is too large to run on a machine here.</summary>
internal static class ComebackCommand
{
    public const string Name = "comeback";

    public const string Help = """
        What happens when everybody loses the connection at once, at sizes that no single machine can run: every client, edge, node and Redis
        server is played, event by event, with the real limits, pauses and jitter. The same seed gives the same result.

          dotnet run -c Release --project bench/Chat.Bench -- comeback
          dotnet run -c Release --project bench/Chat.Bench -- comeback --clients 200000 --edges 3 --nodes 9 --rate 10000

        Without options: a million clients, and what other settings do. With options: these alone.
          --clients N (1000000)  --edges N (13)  --nodes N (44)  --shards N (1): servers of Redis  --cores N (2): of each edge and node
          --away S          nobody answers for so long (0)
          --rate N          Edge:ConnectionsPerSecond (5000; 0: no limit)   --at-once N   Edge:UpgradesAtOnce (1000; 0: no limit)
          --waiting N       Edge:UpgradesWaiting (4000)
          --first S  --longest S   the clients' longest pause after the first failure (0.5) and of all (30)
          --stubborn        clients that are not ours: again after exactly a second, whatever they are told
          --refusal-us N (130)  --edge-us N (130)  --node-us N (560)  --redis-us N (50)  --catch-up-us N (20)
                            CPU at an edge for one turned away and one let in, at a node, at Redis, and there for what was missed:
                            docs/SCALE.md says where they are from. Measure yours: storm:3000 --edge --missed 20 --reps 8
          --seed N (1)
        """;

    private static readonly ComebackSettings Usual = new();

    private static readonly (string Title, ComebackSettings Settings)[] Variations =
    [
        ("as it is", Usual),
        ("after a minute without an answer", Usual with { Away = 60 }),
        ("Edge:ConnectionsPerSecond 1,000", Usual with { PerSecond = 1000 }),
        ("Edge:ConnectionsPerSecond 20,000", Usual with { PerSecond = 20_000 }),
        ("no limits at the edges", Usual with { PerSecond = 0, AtOnce = 0 }),
        ("the same, with four Redis servers", Usual with { PerSecond = 0, AtOnce = 0, Shards = 4 }),
        ("clients pause for up to 10 s at first", Usual with { FirstDelay = 10 }),
        ("four Redis servers", Usual with { Shards = 4 }),
        ("clients of another kind: every second", Usual with { IsStubborn = true }),
    ];

    public static int Run(IReadOnlyList<string> arguments)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (Parse(arguments) is not { } settings)
        {
            Console.Error.WriteLine($"There is no such option, or its value makes no sense.\n\n{Help}");
            return 2;
        }

        var variations = arguments.Count == 0 ? Variations : [("as asked for", settings)];
        var rows = new List<string[]>();
        foreach (var (title, variation) in variations)
        {
            Console.Error.WriteLine(title);
            rows.Add(Row(title, ComebackRun.Of(variation)));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{settings.Clients:N0} clients, {settings.Edges} edges and {settings.Nodes} nodes of {settings.Cores} cores, seed {settings.Seed}.\n"));
        Console.Write(Markdown.Table(
            ["settings", "50 % back, s", "99 %", "all", "attempts, mean", "99 %", "turned away", "attempts/s at an edge", "at all", "connects/s at redis", "longest wait there, s"], rows));
        return 0;
    }

    private static ComebackSettings? Parse(IReadOnlyList<string> arguments)
    {
        var settings = Usual;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--stubborn")
            {
                settings = settings with { IsStubborn = true };
                continue;
            }

            if (i + 1 == arguments.Count || !double.TryParse(arguments[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || number < 0
                || With(settings, arguments[i], number) is not { } changed)
            {
                return null;
            }

            (settings, i) = (changed, i + 1);
        }

        return settings.Clients > 0 && settings.Edges > 0 && settings.Nodes > 0 && settings.Shards > 0 && settings.Cores > 0 ? settings : null;
    }

    private static ComebackSettings? With(ComebackSettings settings, string option, double number) => option switch
    {
        "--clients" => settings with { Clients = (int)number },
        "--edges" => settings with { Edges = (int)number },
        "--nodes" => settings with { Nodes = (int)number },
        "--shards" => settings with { Shards = (int)number },
        "--cores" => settings with { Cores = number },
        "--away" => settings with { Away = number },
        "--rate" => settings with { PerSecond = (int)number },
        "--at-once" => settings with { AtOnce = (int)number },
        "--waiting" => settings with { Waiting = (int)number },
        "--first" => settings with { FirstDelay = number },
        "--longest" => settings with { LongestDelay = number },
        "--refusal-us" => settings with { RefusalCost = number },
        "--edge-us" => settings with { EdgeCost = number },
        "--node-us" => settings with { NodeCost = number },
        "--redis-us" => settings with { RedisCost = number },
        "--catch-up-us" => settings with { CatchUpCost = number },
        "--seed" => settings with { Seed = (int)number },
        _ => null,
    };

    private static string[] Row(string title, ComebackResult result) =>
    [
        title, Time(result, 0.5), Time(result, 0.99), Time(result, 1), Tables.Short(result.MeanAttempts), Tables.Count(result.P99Attempts), Tables.Count(result.Refused),
        Tables.Count(result.PeakAtEdge), Tables.Count(result.PeakAtAllEdges), Tables.Count(result.PeakAtRedis), Tables.Short(result.LongestRedisWait),
    ];

    private static string Time(ComebackResult result, double share) =>
        result.Until(share) is { } seconds ? Tables.Short(seconds) : $"never ({result.BackAtAll * 100.0 / result.Settings.Clients:0} %)";
}
