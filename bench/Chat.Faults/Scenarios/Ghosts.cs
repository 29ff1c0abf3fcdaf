using System.Globalization;
using Chat.Faults.Checking;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

internal sealed class Ghosts() : Scenario(
    "ghosts", "A node is killed and its users do not return, 10 times", "each time, its users are gone from presence within 10 s")
{
    private const int Users = 20;

    public override async Task BreakAsync(Stage stage)
    {
        var times = stage.IsQuick ? 1 : 10;
        await stage.Cluster.AddAsync(times); // the load has joined already, so it stays on the three other nodes
        stage.Begin(string.Create(CultureInfo.InvariantCulture, $"{times} nodes are killed, with {Users} users each"));
        var deaths = new List<Task<double>>();
        for (var i = 0; i < times; i++)
        {
            deaths.Add(await DieAsync(stage, i));
            await stage.RunAsync(seconds: 1);
        }

        double[] seconds = [.. (await Task.WhenAll(deaths)).Order()];
        stage.End("the last are gone");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{times} times gone after {seconds[0]:0.0} to {seconds[^1]:0.0} s"));
        stage.Demand(seconds[^1] <= 10, "Ghosts stayed for longer than 10 s.");
        await stage.RunAsync(seconds: 5);
    }

    /// <returns>Completes when the node is dead. The result waits for its users to be gone, and gives the seconds since its death.</returns>
    private static async Task<Task<double>> DieAsync(Stage stage, int number)
    {
        var topic = string.Create(CultureInfo.InvariantCulture, $"/chat/group/ghosts{number}");
        var node = stage.Cluster.Take(3);
        var watcher = await ChatClient.ConnectAsync(stage.Cluster.Nodes[0].Process.Address, $"{topic}/watcher?format=json&presence=true");
        var users = await Task.WhenAll(Enumerable.Range(0, Users).Select(i => ChatClient.ConnectAsync(node.Process.Address, $"{topic}/u{i}?format=json")));
        await WatchAsync(watcher, Users + 1);
        var death = Clock.Now;
        await node.Process.KillAsync();
        return GoneAsync();

        async Task<double> GoneAsync()
        {
            await WatchAsync(watcher, 1);
            var gone = Clock.Now - death;
            await Task.WhenAll(users.Append(watcher).Select(client => client.DisposeAsync().AsTask()));
            return gone.TotalSeconds;
        }
    }

    private static async Task WatchAsync(ChatClient watcher, int users)
    {
        while ((await watcher.NextFrameAsync("presence")).Count != users)
        {
            // Not yet.
        }
    }
}
