using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

/// <summary>Several faults in one run: the row that the tests run.</summary>
internal sealed class InTurn() : Scenario(
    "in-turn", "One after the other: a node is stopped, another node is killed, Redis is killed and restarted, the edge is killed and restarted", "no client is told of a hole")
{
    public override ClusterOptions Cluster => new() { Persists = true };

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("a node is stopped");
        await Task.WhenAll(stage.StopAsync(stage.Cluster.Take(0)), stage.Cluster.AddAsync());
        await stage.RunAsync(seconds: 3);

        stage.Say("a node is killed");
        await stage.Cluster.Take(0).Process.KillAsync();
        await stage.RunAsync(seconds: 3);

        stage.Say("Redis is killed");
        await stage.Cluster.Redis.KillAsync();
        await stage.RunAsync(seconds: 1);
        await stage.Cluster.Redis.RestartAsync();
        await stage.RunAsync(seconds: 3);

        stage.Say("the edge is killed");
        await stage.Cluster.RestartEdgeAsync();
        stage.End("all are back");
        await stage.RunAsync(seconds: 12);
    }
}
