using System.Globalization;
using Chat.Faults.Clients;

namespace Chat.Faults.Scenarios;

internal sealed class EdgeRestarted() : Scenario(
    "edge-restart", "The only edge is killed and another one starts", "all clients come back and continue; no client is told of a hole")
{
    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("the edge is killed with all clients on it");
        await stage.Cluster.RestartEdgeAsync();
        stage.End("another one is there");
        await stage.RunAsync(seconds: 12);
    }
}

internal sealed class EverybodyReturns() : Scenario(
    "herd", "All three nodes are killed and started again; 2,000 clients return", "all clients are back within 60 s; no client is told of a hole")
{
    public override TimeSpan RecoversWithin => TimeSpan.FromSeconds(60); // the longest pause asked of clients is 30 s

    public override LoadSize Size(bool quick) => quick ? new(200, 20, 60) : new(2000, 200, 200);

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("all nodes are killed");
        for (var i = 0; i < 3; i++)
        {
            await stage.Cluster.Take(0).Process.KillAsync();
        }

        await stage.Cluster.AddAsync(3);
        stage.End("three new ones are ready");
        var back = await stage.UntilAsync(() => Task.FromResult(stage.Load.Clients.All(client => client.Node.Length > 0)), 60, "everybody back");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"the last was back after {back.TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 12);
    }
}

internal sealed class Silence() : Scenario(
    "idle", "Nobody writes for 3 minutes", "connections through the edge stay open; the next messages arrive")
{
    public override bool KeepsConnections => true;

    public override bool HasGap => false;

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("silence");
        stage.Load.IsPaused = true;
        await Task.Delay(TimeSpan.FromSeconds(stage.IsQuick ? 5 : 180));
        stage.Load.IsPaused = false;
        stage.End("somebody writes again");
        await stage.RunAsync(seconds: 6);
    }
}
