using System.Globalization;
using System.Text;
using Chat.Api.Redis;
using Chat.Faults.Checking;
using Chat.Faults.Systems;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

/// <summary>A row with a Redis Cluster and sharded channels instead of one Redis.</summary>
internal abstract class PrimaryScenario(string name, string fault, string expected) : Scenario(name, fault, expected)
{
    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new()
    {
        HasPrimaries = true,
        Settings = new Dictionary<string, string> { ["Chat:Backplane:PubSub"] = "sharded" },
    };

    public override string? WhyNot() => RedisCommandLine.WhyNoShards();
}

internal sealed class SlotsMoved() : PrimaryScenario(
    "slot-move", "For 60 s, the slots of all topics move from primary to primary of a Redis Cluster, one slot after the other", "connections stay open; no client is told of a hole")
{
    // These messages are from one sender, whose order has to hold. Every node sends some at each move: a node that takes a server for the owner just
    // when that server is about to get the slot back may break the order, and that case is not promised.
    private const int MessagesAtEachStep = 3;

    public override async Task BreakAsync(Stage stage)
    {
        string[] topics = [.. stage.Load.Clients.SelectMany(client => new[] { client.Topics[0], client.Topics[^1] }).DistinctBy(SlotOf)];
        var (began, length, moves, steps) = (Clock.Now, TimeSpan.FromSeconds(stage.IsQuick ? 20 : 60), 0, 0);
        stage.Begin(string.Create(CultureInfo.InvariantCulture, $"the slots of {topics.Length} topics begin to move"));
        for (; Clock.Now - began < length; moves++)
        {
            var topic = topics[moves % topics.Length];
            var from = RedisCluster.OwnerOf(SlotOf(topic)) + (moves / topics.Length); // each topic goes around the primaries
            var keysAtOnce = Random.Shared.Next(2) == 0 ? 10 : 1; // as redis-cli does, or so few that the keys of a topic are on different servers for a while
            foreach (var _ in stage.Cluster.Primaries.MigrateInSteps(SlotOf(topic), from % 3, (from + 1) % 3, keysAtOnce))
            {
                stage.Load.Send(topic, steps, MessagesAtEachStep);
                await Task.Delay(Random.Shared.Next(10));
                steps++;
            }
        }

        stage.End("the last has moved");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{moves:N0} moves of {topics.Length} slots, with messages on their way at each of {steps:N0} steps"));
        await stage.RunAsync(seconds: 10);
    }

    private static int SlotOf(string topic) => RedisKeys.SlotOf(Encoding.UTF8.GetBytes(topic));
}

internal sealed class PrimariesKilled() : PrimaryScenario(
    "primary-kill", "The primaries of a Redis Cluster are killed, one after the other; their replicas are half a second behind and take over by themselves",
    "connections stay open; clients that may miss something are told")
{
    public override bool MayTellOfHoles => true;

    // Writes that a replica had not received yet are lost.
    public override bool RedisForgets => true;

    public override async Task BreakAsync(Stage stage)
    {
        var primaries = stage.Cluster.Primaries;
        var seconds = new List<string>();
        stage.Begin("the primaries begin to die");
        for (var i = 0; i < 3; i++)
        {
            var replica = primaries.CutReplicaOff(i);
            await Task.Delay(TimeSpan.FromSeconds(0.5));
            await primaries.Servers[i].KillAsync();
            var took = await stage.UntilAsync(() => Task.FromResult(replica.Execute("ROLE") is object?[] and ["master", ..]), 30, "a replica took over");
            seconds.Add(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0}"));
            stage.Say($"a replica took over after {seconds[^1]} s");
            await stage.RunAsync(seconds: i < 2 ? 12 : 0);
        }

        stage.End("the last replica has taken over");
        stage.Measure($"taken over after {string.Join(", ", seconds)} s");
        await stage.RunAsync(seconds: 12);
    }
}
