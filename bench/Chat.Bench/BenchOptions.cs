using System.Globalization;
using Chat.Bench.Clients;
using Chat.Bench.Growth;
using Chat.Bench.Measuring;
using Chat.Bench.Workloads;
using Chat.Tests.Support;

namespace Chat.Bench;

/// <summary>The options of the command line.</summary>
internal sealed class BenchOptions
{
    private readonly List<string> _workloads = [];
    private readonly List<Uri> _urls = [];
    private readonly List<(string Name, int Pid)> _processes = [];
    private readonly List<(string Key, string Value)> _settings = [];
    private int? _connections;
    private int? _group;
    private int? _writers;
    private int? _window;
    private int _missed;
    private int? _repetitions;
    private double? _seconds;
    private double? _warmup;
    private int? _nodes;

    public IReadOnlyList<Workload> Workloads { get; private set; } = [];

    /// <summary>The families of <c>growth</c> to measure, if any.</summary>
    public IReadOnlyList<string> Growth { get; private set; } = [];

    /// <summary>Whether clients only connect, stay silently, and nothing is measured.</summary>
    public bool Holds { get; private set; }

    /// <summary>Connections that other programs on this machine have to each address.</summary>
    public int ConnectionsBefore { get; private set; }

    public bool WantsHelp { get; private set; }

    public bool IsQuick { get; private set; }

    public bool IsJson { get; private set; }

    public string Door { get; private set; } = "text";

    /// <summary>The size of a message's text, in bytes.</summary>
    public int Size { get; private set; } = 100;

    /// <summary>How many clients connect at the same time.</summary>
    public int AtOnce { get; private set; } = 100;

    public int Repetitions => _repetitions ?? (IsQuick || Growth.Count > 0 ? 1 : 3);

    public double Seconds => _seconds ?? (IsQuick ? 1 : Growth.Count > 0 ? 4 : 5);

    public double Warmup => _warmup ?? (IsQuick ? 0.2 : 2);

    /// <summary>More than one only where there are cores to spare, since the servers need cores as well.</summary>
    public int Threads { get; private set; } = Math.Clamp(Environment.ProcessorCount / 4, 1, 8);

    public Func<IWires> Wires { get; private set; } = OperatingSystem.IsLinux() ? () => new EpollWires() : () => new SelectWires();

    public int Nodes => _nodes ?? (IsQuick ? 1 : 3);

    public bool HasEdge { get; private set; }

    public RedisKind Redis { get; private set; } = RedisCommandLine.Usual;

    /// <summary>Settings of the nodes besides the defaults.</summary>
    public IReadOnlyList<(string Key, string Value)> Settings => _settings;

    /// <summary>Addresses of a cluster that already runs. If there are none, one is started.</summary>
    public IReadOnlyList<Uri> Urls => _urls;

    public IReadOnlyList<(string Name, int Pid)> Processes => _processes;

    public string? Key { get; private set; }

    /// <summary>Returns the options, or null with an error.</summary>
    public static BenchOptions? Parse(string[] args, out string? fault)
    {
        var options = new BenchOptions();
        fault = null;
        using var words = ((IEnumerable<string>)args).GetEnumerator();
        while (words.MoveNext() && fault is null)
        {
            var name = words.Current;
            fault = options.Take(name, () => words.MoveNext() ? words.Current : "") ? null : $"{name}: there is no such option, or its value makes no sense.";
        }

        var sizes = new Sizes(options._connections, options._group, options._writers, options._window, options.IsQuick) { Missed = options._missed };
        foreach (var text in options._workloads)
        {
            if (Workload.Parse(text, sizes) is { } workload)
            {
                options.Workloads = [.. options.Workloads, workload];
            }
            else
            {
                fault ??= $"{text}: there is no such workload.";
            }
        }

        fault ??= options.WantsHelp ? null : options.Workloads.Count + options.Growth.Count == 0 ? "Which workload?" : options.Contradiction();
        return fault is null ? options : null;
    }

    /// <summary>The same options for this number of nodes, if the program starts the cluster.</summary>
    public BenchOptions With(int nodes)
    {
        var other = (BenchOptions)MemberwiseClone();
        other._nodes = nodes;
        return other;
    }

    private string? Contradiction() =>
        Growth.Count > 0 && Workloads.Count > 0 ? "growth has workloads of its own: ask for it alone."
        : Growth.Contains(GrowthPlan.Nodes) && _urls.Count > 0 ? "A cluster that runs already cannot grow: with --url, growth:members, growth:groups or growth:connections."
        : Holds && (_urls.Count == 0 || Workloads is not [{ Name: Workload.Idle }]) ? "--hold goes with idle and --url." :
        Workloads.Any(workload => workload.Writes && Math.Min(workload.Connections, workload.Group) < 2) ? "It takes two to talk: --connections or --group is too small."
        : _urls.Count > 0 && (_nodes is not null || HasEdge || _settings.Count > 0) ? "--url is for a cluster that runs already: --nodes, --edge and --set are for one that is started."
        : _urls.Count == 0 && (_processes.Count > 0 || Key is not null) ? "--pid and --key go with --url."
        : _urls.Any(url => url.Scheme != Uri.UriSchemeHttp) ? "--url takes http://…; this program speaks no TLS."
        : null;

    private bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--help" or "-h":
                return WantsHelp = true;
            case "--quick":
                return IsQuick = true;
            case "--json":
                return IsJson = true;
            case "--edge":
                return HasEdge = true;
            case HoldRun.Option:
                return Holds = true;
            case "growth":
                Growth = GrowthPlan.Families;
                return true;
            case "--door":
                Door = value();
                return Door is "text" or "json" or "hub";
            case "--sockets":
                var kind = value();
                Wires = kind == "select" ? () => new SelectWires() : Wires;
                return kind == "select" || (kind == "epoll" && OperatingSystem.IsLinux());
            case "--redis":
                Redis = Enum.TryParse<RedisKind>(value(), ignoreCase: true, out var redis) ? redis : (RedisKind)(-1);
                return Enum.IsDefined(Redis);
            case "--url":
                return Uri.TryCreate(value(), UriKind.Absolute, out var url) && Added(_urls, url);
            case "--pid":
                return value().Split('=', 2) is [var of, var pid] && int.TryParse(pid, CultureInfo.InvariantCulture, out var id) && Added(_processes, (of, id));
            case "--set":
                return value().Split('=', 2) is [var key, var setting] && Added(_settings, (key, setting));
            case "--key":
                Key = value();
                return Key.Length > 0;
            default:
                return name.StartsWith('-') ? TakeNumber(name, value()) : name.StartsWith("growth:", StringComparison.Ordinal) ? TakeGrowth(name[7..]) : Added(_workloads, name);
        }
    }

    private bool TakeGrowth(string family)
    {
        Growth = [.. Growth, family];
        return GrowthPlan.Families.Contains(family);
    }

    private bool TakeNumber(string name, string text)
    {
        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0;
        var whole = (int)number;
        switch (name)
        {
            case "--connections":
                _connections = whole;
                break;
            case "--group":
                _group = whole;
                break;
            case "--writers":
                _writers = whole;
                break;
            case "--window":
                _window = whole;
                break;
            case "--missed":
                _missed = whole;
                break;
            case "--size":
                Size = whole;
                return isNumber && whole >= Marker.Length;
            case "--at-once":
                AtOnce = whole;
                break;
            case "--reps":
                _repetitions = whole;
                break;
            case "--seconds":
                _seconds = number;
                return isNumber;
            case "--warmup":
                _warmup = number;
                return isNumber;
            case "--threads":
                Threads = whole;
                break;
            case "--nodes":
                _nodes = whole;
                break;
            case "--before":
                ConnectionsBefore = whole;
                break;
            default:
                return false;
        }

        return isNumber && whole > 0;
    }

    private static bool Added<T>(List<T> list, T value)
    {
        list.Add(value);
        return true;
    }
}
