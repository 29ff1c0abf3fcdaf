using Chat.Api.Backplane;
using Chat.Client;
using Edge.Proxy;

namespace Chat.Bench.Comebacks;

/// <summary>The clients that come back and the cluster they come back to. The defaults of limits and pauses are the product's own.</summary>
internal sealed record ComebackSettings
{
    private static readonly EdgeOptions Edge = new();
    private static readonly ChatClientOptions Client = new() { Server = new Uri("http://localhost"), Token = _ => ValueTask.FromResult("") };

    public int Clients { get; init; } = 1_000_000;

    public int Edges { get; init; } = 13;

    public int Nodes { get; init; } = 44;

    /// <summary>The servers of a Redis Cluster. Requests of a connect are spread evenly over them.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Cores of each edge and of each node.</summary>
    public double Cores { get; init; } = 2;

    /// <summary>Seconds in which nobody answers.</summary>
    public double Away { get; init; }

    /// <summary>Seconds for a round trip between a client and an edge.</summary>
    public double RoundTrip { get; init; } = 0.05;

    /// <summary>Microseconds of CPU at an edge for a client that is turned away. Taken to be those of a client that is admitted, which costs more.</summary>
    public double RefusalCost { get; init; } = 130;

    /// <summary>Microseconds of CPU at an edge for a client that is admitted.</summary>
    public double EdgeCost { get; init; } = 130;

    /// <summary>Microseconds of CPU at a node for a client, as in the first storm after the node's start.</summary>
    public double NodeCost { get; init; } = 560;

    /// <summary>Microseconds of CPU at Redis, on its one core, for a client that does not catch up.</summary>
    public double RedisCost { get; init; } = 50;

    /// <summary>Microseconds of CPU at Redis to read missed messages. An assumption: twice the cost of a message.</summary>
    public double CatchUpCost { get; init; } = 20;

    /// <summary><c>Edge:ConnectionsPerSecond</c>; 0: no limit.</summary>
    public int PerSecond { get; init; } = Edge.ConnectionsPerSecond;

    /// <summary><c>Edge:UpgradesAtOnce</c>; 0: no limit.</summary>
    public int AtOnce { get; init; } = Edge.UpgradesAtOnce;

    /// <summary><c>Edge:UpgradesWaiting</c>.</summary>
    public int Waiting { get; init; } = Edge.UpgradesWaiting;

    /// <summary>The client's longest pause after its first failure, in seconds.</summary>
    public double FirstDelay { get; init; } = Client.FirstDelay.TotalSeconds;

    /// <summary>The client's longest pause of all, in seconds.</summary>
    public double LongestDelay { get; init; } = Client.LongestDelay.TotalSeconds;

    /// <summary>How long a client waits for an answer, in seconds.</summary>
    public double Patience { get; init; } = Client.ConnectTimeout.TotalSeconds;

    /// <summary>How long a node waits for Redis, in seconds.</summary>
    public double NodePatience { get; init; } = new BackplaneOptions().CommandTimeout.TotalSeconds;

    /// <summary>Whether clients are not Chat's own: they try again after exactly a second, whatever <c>Retry-After</c> says.</summary>
    public bool IsStubborn { get; init; }

    public int Seed { get; init; } = 1;
}
