using Chat.Api.Topics;

namespace Chat.Tests.Simulation;

/// <summary>A node, its Redis and a user's devices, for tests of single findings of the simulation.</summary>
internal sealed class ClusterOfOne : IDisposable
{
    private readonly SimulatedMeters _meters = new();

    public ClusterOfOne(bool hasPresence = false)
    {
        Model = new Model(World, 300);
        Redis = new SimulatedRedis(World, Model, 300);
        Node = new SimulatedNode(World, Redis, Model, new TopicMetrics(_meters), "n1", TimeSpan.Zero, hasPresence);
        Node.Start();
        Pass(1);
    }

    public World World { get; } = new(Fault.None, isTraced: true) { Dice = new Dice(1) };

    public Model Model { get; }

    public SimulatedRedis Redis { get; }

    public SimulatedNode Node { get; }

    public SimulatedClient Connect(string device)
    {
        var client = new SimulatedClient(World, Model, "anna", device, null, watches: false);
        client.Connect(Node);
        Pass(1);
        return client;
    }

    public void Pass(double seconds) => World.Advance(TimeSpan.FromSeconds(seconds));

    public void Dispose()
    {
        Node.Dispose();
        _meters.Dispose();
    }
}
