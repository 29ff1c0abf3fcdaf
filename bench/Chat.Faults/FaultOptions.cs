using System.Globalization;
using Chat.Faults.Scenarios;
using Chat.Tests.Support;

namespace Chat.Faults;

/// <summary>The options of the command line.</summary>
internal sealed record FaultOptions
{
    public const string Usage = """
        Breaks a cluster under load, in one way after the other, and prints what came of it. Ends with 1 where something was not as expected.

          --list                      what there is
          --only node-kill,redis-cut  these rows only
          --repeat 10                 each row so often; counts add up, and the worst times are kept
          --quick                     a small load and short waits
          --redis redis|garnet        redis-server, the default where it is installed, or garnet, which comes as a package
          --against signalr,socketio  besides Chat, other systems, in the rows that they can be put through
          --peers                     lets npm install what Socket.IO needs
          --json                      the table as JSON
          --write docs/FAULTS.md      renews the table in that document
        """;

    public bool Lists { get; private set; }

    public IReadOnlyList<Scenario> Scenarios { get; private set; } = AllScenarios.InOrder;

    public bool IsWhole => Scenarios.Count == AllScenarios.InOrder.Count && !IsQuick;

    public int Repeat { get; private set; } = 1;

    public bool IsQuick { get; private set; }

    public RedisKind Redis { get; private set; } = RedisCommandLine.Usual;

    /// <summary>The names of systems to compare with.</summary>
    public IReadOnlyList<string> Against { get; private set; } = [];

    public bool InstallsPeers { get; private set; }

    public bool IsJson { get; private set; }

    public string? Document { get; private set; }

    /// <summary>Returns the options, or null if they make no sense.</summary>
    public static FaultOptions? Parse(string[] args)
    {
        var options = new FaultOptions();
        using var words = ((IEnumerable<string>)args).GetEnumerator();
        while (words.MoveNext())
        {
            if (!options.Take(words.Current, () => words.MoveNext() ? words.Current : ""))
            {
                return null;
            }
        }

        return options;
    }

    private bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--list":
                return Lists = true;
            case "--quick":
                return IsQuick = true;
            case "--peers":
                return InstallsPeers = true;
            case "--json":
                return IsJson = true;
            case "--write":
                Document = value();
                return Document.Length > 0;
            case "--repeat":
                Repeat = int.TryParse(value(), NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? times : 0;
                return Repeat > 0;
            case "--redis":
                Redis = Enum.TryParse<RedisKind>(value(), ignoreCase: true, out var kind) ? kind : (RedisKind)(-1);
                return Enum.IsDefined(Redis);
            case "--only":
                var names = value().Split(',');
                Scenarios = [.. AllScenarios.InOrder.Where(scenario => names.Contains(scenario.Name))];
                return Scenarios.Count == names.Length;
            case "--against":
                Against = value().Split(',');
                return Against.All(system => system is "signalr" or "socketio");
            default:
                return false;
        }
    }
}
