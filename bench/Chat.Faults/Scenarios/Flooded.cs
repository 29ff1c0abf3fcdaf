using System.Globalization;
using Chat.Faults.Checking;
using Flood;

namespace Chat.Faults.Scenarios;

internal sealed class Flooded() : Scenario(
    "flood", "One user sends as much as 20 connections can: small messages, then messages of 32 KB", "99 % of all other users' acknowledgements arrive within a second")
{
    private const int Connections = 20;

    public override bool KeepsConnections => true;

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin(string.Create(CultureInfo.InvariantCulture, $"{Connections} connections flood"));
        foreach (var bytes in new[] { 100, 32_000 })
        {
            using var end = new CancellationTokenSource();
            var began = Clock.Now;
            var flood = Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => new Flooder(stage.Cluster.Edge.Address, bytes).RunAsync(end.Token)));
            await stage.RunAsync(seconds: 8);
            await end.CancelAsync();
            await flood;
            var (half, most) = stage.AcknowledgementsSince(began);
            stage.Demand(most < TimeSpan.FromSeconds(1), "An acknowledgement in a hundred took more than a second.");
            stage.Measure(string.Create(CultureInfo.InvariantCulture, $"beside messages of {bytes} bytes, half of the others' acknowledgements took at most {half.TotalMilliseconds:0.0} ms, 99 % at most {most.TotalMilliseconds:0} ms"));
        }

        stage.End("it ends");
    }
}
