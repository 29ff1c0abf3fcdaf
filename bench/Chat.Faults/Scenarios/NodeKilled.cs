using System.Globalization;

namespace Chat.Faults.Scenarios;

internal sealed class NodeKilled() : Scenario(
    "node-kill", "One of three nodes is killed (SIGKILL)", "its clients continue on the other nodes; no client is told of a hole")
{
    public override bool Compares => true;

    public override async Task BreakAsync(Stage stage)
    {
        var node = stage.Cluster.Take(1);
        stage.Begin($"node {node.Id} is killed", node);
        await node.Process.KillAsync();
        stage.End("it is gone");
        await stage.RunAsync(seconds: 10);
    }
}

internal sealed class NodeKilledWhilePublishing() : Scenario(
    "publish-kill", "A node is killed while its clients publish, 20 times", "each message that was sent again is stored and delivered only once")
{
    public override async Task BreakAsync(Stage stage)
    {
        var times = stage.IsQuick ? 2 : 20;
        stage.Begin(string.Create(CultureInfo.InvariantCulture, $"{times} times: every client of a node publishes, and it is killed within 20 ms"));
        var underWay = 0;
        for (var i = 0; i < times; i++)
        {
            var added = stage.Cluster.AddAsync();
            var node = stage.Cluster.Take(0);
            foreach (var client in stage.Load.Clients.Where(client => client.Node == node.Id))
            {
                stage.Load.Send(client);
                underWay++;
            }

            await Task.Delay(Random.Shared.Next(20));
            await node.Process.KillAsync();
            await added;
            await stage.RunAsync(seconds: 0.5);
        }

        stage.End("the last one is gone");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{underWay} messages were on their way to a node that died"));
        stage.Demand(underWay > 0, "No message was on its way.");
        await stage.RunAsync(seconds: 10);
    }
}

internal sealed class NodeStopped() : Scenario(
    "node-term", "One of three nodes is stopped (SIGTERM)", "the node stops within 25 s; its clients are told and continue on other nodes")
{
    public override bool Compares => true;

    public override async Task BreakAsync(Stage stage)
    {
        var node = stage.Cluster.Take(1);
        stage.Begin($"node {node.Id} is stopped", node);
        var took = await stage.StopAsync(node);
        stage.End("it is gone");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"stopped in {took.TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 6);
    }
}

internal sealed class NodesReplaced() : Scenario(
    "rolling", "All three nodes are replaced, one after the other, three times in a row", "each node stops within 25 s; no client is told of a hole")
{
    public override bool Compares => true;

    public override async Task BreakAsync(Stage stage)
    {
        var longest = TimeSpan.Zero;
        var rounds = stage.IsQuick ? 1 : 3;
        stage.Begin(string.Create(CultureInfo.InvariantCulture, $"{rounds} times three nodes are replaced"));
        for (var i = 0; i < rounds * 3; i++)
        {
            await stage.Cluster.AddAsync();
            var took = await stage.StopAsync(stage.Cluster.Take(0));
            longest = took > longest ? took : longest;
            await stage.RunAsync(seconds: 2);
        }

        stage.End("all are new");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{rounds * 3} nodes replaced, the slowest stopped in {longest.TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 6);
    }
}

internal sealed class NodePaused() : Scenario(
    "node-pause", "One of three nodes is frozen for 60 s (SIGSTOP)", "clients of the other nodes notice nothing; its own clients catch up")
{
    public override async Task BreakAsync(Stage stage)
    {
        var node = stage.Cluster.Nodes[1];
        stage.Begin($"node {node.Id} stands still", node);
        node.Process.Pause();
        await Task.Delay(TimeSpan.FromSeconds(stage.IsQuick ? 10 : 60));
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{stage.ClientsOn(node)} clients were still on it when it continued"));
        node.Process.Signal(Chat.Tests.Support.ChildProcess.SigCont);
        stage.End("it goes on");
        await stage.RunAsync(seconds: 15);
    }
}
