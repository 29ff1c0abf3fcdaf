using Chat.Api.Backplane;
using Chat.Client;
using Edge.Proxy;

namespace Chat.Bench.Comebacks;

/// <summary>Who comes back to what. The defaults of limits and pauses are the product's own.</summary>
internal sealed record ComebackSettings
{
    private static readonly EdgeOptions Edge = new();
    private static readonly ChatClientOptions Client = new() { Server = new Uri("http://localhost"), Token = _ => ValueTask.FromResult("") };

    public int Clients { get; init; } = 1_000_000;

    public int Edges { get; init; } = 13;

    public int Nodes { get; init; } = 44;

    /// <summary>Servers of a Redis Cluster, over which what a connect asks is spread evenly.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Of each edge and of each node.</summary>
    public double Cores { get; init; } = 2;

    /// <summary>Seconds in which nobody answers.</summary>
    public double Away { get; init; }

    /// <summary>Seconds from a client to an edge and back.</summary>
    public double RoundTrip { get; init; } = 0.05;

    /// <summary>Microseconds of CPU at an edge for one that is turned away: reckoned as one that comes in, which takes more.</summary>
    public double RefusalCost { get; init; } = 130;

    /// <summary>Microseconds of CPU at an edge for one that comes in.</summary>
    public double EdgeCost { get; init; } = 130;

    /// <summary>At a node, as in the first storm after its start.</summary>
    public double NodeCost { get; init; } = 560;

    /// <summary>At Redis, on its one core, without catching up.</summary>
    public double RedisCost { get; init; } = 50;

    /// <summary>At Redis, for reading what was missed: an assumption, twice what a message takes.</summary>
    public double CatchUpCost { get; init; } = 20;

    /// <summary><c>Edge:ConnectionsPerSecond</c>; 0: no limit.</summary>
    public int PerSecond { get; init; } = Edge.ConnectionsPerSecond;

    /// <summary><c>Edge:UpgradesAtOnce</c>; 0: no limit.</summary>
    public int AtOnce { get; init; } = Edge.UpgradesAtOnce;

    /// <summary><c>Edge:UpgradesWaiting</c>.</summary>
    public int Waiting { get; init; } = Edge.UpgradesWaiting;

    /// <summary>Seconds: the client's longest pause after its first failure.</summary>
    public double FirstDelay { get; init; } = Client.FirstDelay.TotalSeconds;

    /// <summary>Seconds: the client's longest pause of all.</summary>
    public double LongestDelay { get; init; } = Client.LongestDelay.TotalSeconds;

    /// <summary>Seconds that a client waits for an answer.</summary>
    public double Patience { get; init; } = Client.ConnectTimeout.TotalSeconds;

    /// <summary>Seconds that a node waits for Redis.</summary>
    public double NodePatience { get; init; } = new BackplaneOptions().CommandTimeout.TotalSeconds;

    /// <summary>Whether clients are not ours: they try again after exactly a second, whatever they are told.</summary>
    public bool IsStubborn { get; init; }

    public int Seed { get; init; } = 1;
}
