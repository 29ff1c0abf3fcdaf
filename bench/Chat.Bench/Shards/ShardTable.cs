using System.Diagnostics;
using System.Globalization;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Bench.Measuring;
using Chat.Bench.Reports;
using Chat.Tests.Support;

namespace Chat.Bench.Shards;

/// <summary>Shows what each primary of a Redis Cluster adds, by the CPU that each of them takes per message: with classic and with sharded channels.</summary>
internal static class ShardTable
{
    private const int Nodes = 3;
    private const int Topics = 3000; // two of the nodes hold each
    private const int Slots = 16384;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <param name="args">Messages a second per primary (0 for as many as possible), and seconds. Both are optional.</param>
    /// <returns>The program's exit code.</returns>
    public static async Task<int> PrintAsync(string[] args)
    {
        var rate = args is [var first, ..] ? double.Parse(first, CultureInfo.InvariantCulture) : 6000;
        var seconds = args is [_, var second, ..] ? double.Parse(second, CultureInfo.InvariantCulture) : 5;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Machine.Describe()}; {Nodes} nodes' backplanes in one process, {Topics} topics, each held by 2 nodes, 100 bytes, {(rate > 0 ? $"{rate} messages a second and primary" : "as many as get through")}, {seconds} s.\n"));
        Console.WriteLine("| channels | primaries | messages/s | heard of 2 | Redis, CPU µs/message: the busiest | the others | all | nodes | carries, of one primary |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        var isWhole = true;
        foreach (var pubSub in Enum.GetValues<PubSubKind>())
        {
            var alone = 0.0;
            for (var primaries = 1; primaries <= 3; primaries++)
            {
                var row = await MeasureAsync(pubSub, primaries, rate, seconds);
                alone = primaries == 1 ? row.Busiest : alone;
                isWhole &= row.IsWhole;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {pubSub.ToString().ToLowerInvariant()} | {primaries} | {row.Rate:N0} | {row.Heard:0.000} | {row.Busiest:0.0} | {row.Others:0.0} | {row.All:0.0} | {row.Nodes:0.0} | {alone / row.Busiest:0.00} |"));
            }
        }

        return isWhole ? 0 : 1;
    }

    private static async Task<Row> MeasureAsync(PubSubKind pubSub, int primaries, double rate, double seconds)
    {
        var servers = await StartAsync(primaries);
        var nodes = Enumerable.Range(0, Nodes).Select(_ => new ShardNode(servers[0].ConnectionString, pubSub)).ToArray();
        try
        {
            var topics = Enumerable.Range(0, Topics).Select(static i => Topic.Group($"g{i}")).ToArray();
            await Task.WhenAll(nodes.Select((node, i) => node.StartAsync([.. topics.Where((_, topic) => topic % Nodes != i)])));
            using var end = new CancellationTokenSource();
            var publishing = nodes.Select(node => Task.Factory.StartNew(
                () => node.Publish(topics, rate * primaries / Nodes, end.Token), end.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            await Task.Delay(WarmUp);

            ProcessMeter[] meters = [.. servers.Select(static server => new ProcessMeter("redis", server.Pid)), new ProcessMeter("nodes", Environment.ProcessId)];
            var (began, before, cpu) = (Stopwatch.GetTimestamp(), nodes.Sum(static node => node.Published), meters.Select(static meter => meter.Read().Cpu).ToArray());
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            var messages = nodes.Sum(static node => node.Published) - before;
            double[] each = [.. meters.Select((meter, i) => (meter.Read().Cpu - cpu[i]) * 1e6 / messages)];
            var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;

            await end.CancelAsync();
            await Task.WhenAll(publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Eventually.TrueAsync(() => nodes.All(static node => node.UnderWay == 0));
            var published = nodes.Sum(static node => node.Published);
            try
            {
                await Eventually.TrueAsync(() => nodes.Sum(static node => node.Heard) == 2 * published);
            }
            catch (TimeoutException)
            {
                // The table shows it.
            }

            var (redis, heard) = (each[..^1], nodes.Sum(static node => node.Heard));
            return new Row(messages / elapsed, (double)heard / published, redis.Max(), (redis.Sum() - redis.Max()) / Math.Max(1, primaries - 1), redis.Sum(), each[^1],
                heard == 2 * published && nodes.All(static node => node.Failed == 0));
        }
        finally
        {
            Array.ForEach(nodes, static node => node.Dispose());
            await Task.WhenAll(servers.Select(static server => server.DisposeAsync().AsTask()));
        }
    }

    private static async Task<RedisServer[]> StartAsync(int primaries)
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, primaries).Select(static _ => RedisServer.StartAsync(RedisKind.Redis, persists: false, "--cluster-enabled", "yes")));
        for (var i = 0; i < primaries; i++)
        {
            servers[i].Execute("CLUSTER", "ADDSLOTSRANGE", $"{i * Slots / primaries}", $"{((i + 1) * Slots / primaries) - 1}");
            servers[i].Execute("CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}");
            if (i > 0)
            {
                servers[0].Execute("CLUSTER", "MEET", "127.0.0.1", $"{servers[i].Port}");
            }
        }

        await Eventually.TrueAsync(() => Array.TrueForAll(servers, server => server.Execute("CLUSTER", "SLOTS") is object?[] ranges && ranges.Length == primaries
            && ((string)server.Execute("CLUSTER", "INFO")!).Contains("cluster_state:ok", StringComparison.Ordinal)));
        return servers;
    }

    private sealed record Row(double Rate, double Heard, double Busiest, double Others, double All, double Nodes, bool IsWhole);
}
