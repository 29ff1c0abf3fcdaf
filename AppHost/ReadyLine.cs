using System.Text.Json;
using Microsoft.Extensions.Hosting;

namespace AppHost;

/// <summary>What has to be there before the cluster counts as up.</summary>
/// <param name="Edge">The name of the edge's resource.</param>
/// <param name="Address">Where clients connect.</param>
/// <param name="Replicas">The number of nodes.</param>
/// <param name="Redis">The kind of Redis.</param>
/// <param name="ApiKey">A key that was made for this run, and has to be printed because nobody else knows it; null if none was made.</param>
/// <param name="Sample">Where the sample backend is; null if there is none.</param>
internal sealed record ExpectedCluster(string Edge, EndpointReference Address, int Replicas, string Redis, string? ApiKey, Uri? Sample);

/// <summary>Prints a line when the cluster is up: the edge answers, and every node is registered.</summary>
/// <remarks>The health of the nodes' resource is not enough: one healthy replica makes it healthy.</remarks>
internal sealed class ReadyLine(
    ExpectedCluster cluster, ResourceNotificationService notifications, IHostApplicationLifetime lifetime, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    private const string NotSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"; // W3C trace context; any ids will do

    // Longer than any warm start. Anybody who still waits wants to know for what.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            Say($"Starting {Count(cluster.Replicas)}, redis ({cluster.Redis}) and the edge …");
            await notifications.WaitForResourceHealthyAsync(cluster.Edge, stoppingToken);
            await WaitForNodesAsync(stoppingToken);
            Say($"Chat is up: {cluster.Address.Url} ({Count(cluster.Replicas)}, redis: {cluster.Redis})");
            if (cluster.ApiKey is { } key)
            {
                Say($"For backends: {cluster.Address.Url}/api/v1 with X-Api-Key: {key}");
            }

            if (cluster.Sample is { } sample)
            {
                Say($"The sample of a backend: {sample}");
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before the cluster was up.
        }
        catch (DistributedApplicationException)
        {
            // What did not start has been reported. A cluster without an edge is of no use.
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private static string Count(int nodes) => nodes == 1 ? "1 node" : $"{nodes} nodes";

    // Not through the logger: a script waits for exactly this line.
    private static void Say(string line) => Console.Out.WriteLine(line);

    private async Task WaitForNodesAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(cluster.Address.Url), Timeout = TimeSpan.FromSeconds(5) };
        client.DefaultRequestHeaders.Add("traceparent", NotSampled); // this waiting is not worth a trace each time
        var lastSaid = time.GetTimestamp();
        while (true)
        {
            var nodes = await CountNodesAsync(client, cancellationToken);
            if (nodes >= cluster.Replicas)
            {
                return;
            }

            if (time.GetElapsedTime(lastSaid) > Silence)
            {
                Say($"{nodes} of {Count(cluster.Replicas)} registered; waiting for the others …");
                lastSaid = time.GetTimestamp();
            }

            await Task.Delay(Between, time, cancellationToken);
        }
    }

    internal static async Task<int> CountNodesAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            await using var answer = await client.GetStreamAsync("api/nodes", cancellationToken);
            using var nodes = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
            return nodes.RootElement.EnumerateArray().Count(node => node.GetProperty("state").GetString() == "ready");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException // an answer that breaks off is an IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return 0; // the edge has no node to ask yet
        }
    }
}
