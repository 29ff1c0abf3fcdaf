using System.Globalization;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

internal sealed class RedisCut() : Scenario(
    "redis-cut", "One of three nodes is cut off from Redis for 20 s", "the node is unready within 5 s, hands over its clients and recovers by itself; clients of the other nodes notice nothing")
{
    public override bool Compares => true;

    public override ClusterOptions Cluster => new() { HasWires = true };

    public override async Task BreakAsync(Stage stage)
    {
        var node = stage.Cluster.Nodes[1];
        var wire = stage.Cluster.Wires[1];
        stage.Begin($"node {node.Id} is cut off", node);
        wire.Hold(); // nothing reaches Redis
        wire.Deafen(_ => true); // and nothing comes from it
        await stage.UntilUnreadyAsync([node]);
        await stage.RunAsync(seconds: 20);
        stage.Demand(!stage.System.HasEdge || stage.ClientsOn(node) == 0, string.Create(CultureInfo.InvariantCulture, $"{stage.ClientsOn(node)} clients were still on it in the end."));
        wire.Release();
        wire.Cut();
        stage.End("it can get there again");
        if (stage.System.HasEdge)
        {
            var ready = await stage.UntilAsync(() => Stage.IsReadyAsync(node), 20, "ready again");
            stage.Measure(string.Create(CultureInfo.InvariantCulture, $"ready again after {ready.TotalSeconds:0.0} s"));
        }

        await stage.RunAsync(seconds: 12);
    }
}

internal sealed class RedisFailover() : Scenario(
    "redis-failover", "Redis dies and its replica takes over, with 1,000 topics in use", "all topics continue; clients that may miss something are told")
{
    public override bool MayTellOfHoles => true;

    // Writes that the replica had not received yet are lost.
    public override bool RedisForgets => true;

    public override ClusterOptions Cluster => new() { HasReplica = true };

    public override Clients.LoadSize Size(bool quick) => quick ? new(200, 100, 60) : new(2000, 1000, 200);

    public override string? WhyNot() => Chat.Tests.Support.RedisCommandLine.WhyNoRedis;

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("Redis is killed");
        await stage.Cluster.Redis.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        stage.Cluster.Replica!.Execute("REPLICAOF", "NO", "ONE");
        stage.End("its replica takes over");
        await stage.RunAsync(seconds: 20); // twice the time in which each client writes once
    }
}
