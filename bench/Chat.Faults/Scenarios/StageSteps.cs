using System.Globalization;
using Chat.Faults.Checking;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

/// <summary>Steps that several scenarios share.</summary>
internal static class StageSteps
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    public static int ClientsOn(this Stage stage, Node node) => stage.Load.Clients.Count(client => client.Node == node.Id);

    /// <summary>The time that acknowledgements took for messages sent since then and acknowledged by now: the median, and the bound for 99 in a hundred.</summary>
    public static (TimeSpan Median, TimeSpan Most) AcknowledgementsSince(this Stage stage, TimeSpan began)
    {
        var times = stage.Load.Ledger.Messages.Where(message => message.SentAt >= began && message.AcknowledgedAt is not null)
            .Select(message => message.AcknowledgedAt!.Value - message.SentAt).Order().ToList();
        return (times[times.Count / 2], times[times.Count * 99 / 100]);
    }

    /// <summary>Stops a node (SIGTERM) and returns how long that took. Taking longer than allowed is a violation.</summary>
    public static async Task<TimeSpan> StopAsync(this Stage stage, Node node)
    {
        var began = Clock.Now;
        try
        {
            await node.Process.StopAsync(Patience);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            stage.Demand(false, $"Node {node.Id}: {exception.Message}");
        }

        return Clock.Now - began;
    }

    public static async Task RestartRedisAsync(this Stage stage)
    {
        stage.Begin("Redis is killed");
        await stage.Cluster.Redis.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        await stage.Cluster.Redis.RestartAsync();
        stage.End("Redis is back");
        await stage.RunAsync(seconds: 12);
    }

    /// <summary>Waits until the nodes report that they are not ready, if they can report it.</summary>
    public static async Task UntilUnreadyAsync(this Stage stage, IReadOnlyList<Node> nodes)
    {
        if (!stage.System.HasEdge)
        {
            return;
        }

        var took = await Task.WhenAll(nodes.Select(node => stage.UntilAsync(async () => !await Stage.IsReadyAsync(node), 5, "unready")));
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"unready after {took.Max().TotalSeconds:0.0} s"));
    }
}
