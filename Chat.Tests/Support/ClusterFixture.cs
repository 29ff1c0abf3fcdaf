using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.Support;

/// <summary>The whole cluster as <c>dotnet run --project AppHost</c> starts it, but on random ports. The tests of a collection share it.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly ResourceLog _log = new();
    private DistributedApplication? _application;

    internal DistributedApplication Application => _application ?? throw new InvalidOperationException("It has not started.");

    internal Uri Edge { get; private set; } = new("http://unset");

    internal HttpClient Http { get; private set; } = new();

    /// <summary>The API key for backends that the AppHost generated and prints when the cluster is up.</summary>
    internal string ApiKey => Application.Services.GetRequiredService<global::AppHost.ExpectedCluster>().ApiKey ?? throw new InvalidOperationException("It made none.");

    /// <summary>The output of the resources since the last call.</summary>
    internal string TakeLog() => _log.Take();

    public async Task InitializeAsync()
    {
        using var deadline = new CancellationTokenSource(StartTime);
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--EdgePort=0", "--Replicas=3"], deadline.Token);
            builder.Services.AddLogging(logging => logging.AddProvider(_log.AsProvider()));
            _application = await builder.BuildAsync(deadline.Token);
            await _application.StartAsync(deadline.Token);
            await _application.ResourceNotifications.WaitForResourceHealthyAsync("edge", deadline.Token);
            Edge = _application.GetEndpoint("edge", "http");
            Http = new HttpClient { BaseAddress = Edge, Timeout = TimeSpan.FromSeconds(10) };

            // One healthy node makes the nodes' resource healthy, but tests need all three nodes. Each node must also know all the others, since a
            // test may ask any of them.
            await UntilReadyAsync(_ => true);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"The cluster did not start:\n{_log.Take()}", exception);
        }
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_application is not null)
        {
            await _application.DisposeAsync();
        }
    }

    internal Task<ChatClient> ConnectAsync(string path) => ChatClient.ConnectAsync(Edge, path);

    /// <summary>A connection that the edge routed to another node than this one.</summary>
    internal async Task<ChatClient> ConnectElsewhereAsync(string path, string otherThan)
    {
        var onTheSame = new List<ChatClient>();
        try
        {
            while (onTheSame.Count < 20)
            {
                var client = await ConnectAsync(path);
                if (client.Node != otherThan)
                {
                    return client;
                }

                onTheSame.Add(client); // kept open, so that the edge prefers the other nodes
            }

            throw new InvalidOperationException($"The edge put 20 connections in a row onto {otherThan}.");
        }
        finally
        {
            foreach (var client in onTheSame)
            {
                await client.CloseAsync();
                await client.DisposeAsync();
            }
        }
    }

    /// <summary>Returns when there are three nodes, each knows all three, and they meet the condition.</summary>
    internal async Task UntilReadyAsync(Func<ListedNode[], bool> condition)
    {
        foreach (var node in await UntilNodesAsync(nodes => nodes.Length == 3 && condition(nodes), StartTime))
        {
            using var http = new HttpClient { BaseAddress = new Uri(node.Address) };
            await Eventually.TrueAsync(async () => (await ListAsync(http)) is { Length: 3 } nodes && condition(nodes));
        }
    }

    internal Task<ListedNode[]> NodesAsync() => ListAsync(Http);

    internal async Task<ListedNode[]> UntilNodesAsync(Func<ListedNode[], bool> condition, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        using var ticks = new PeriodicTimer(Poll);
        while (true)
        {
            var nodes = await TryNodesAsync();
            if (condition(nodes))
            {
                return nodes;
            }

            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"After {within} the nodes were: {string.Join<ListedNode>(", ", nodes)}");
            }

            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<ListedNode[]> ListAsync(HttpClient http) =>
        JsonSerializer.Deserialize<ListedNode[]>(await http.GetStringAsync("api/nodes"), JsonSerializerOptions.Web)!;

    private async Task<ListedNode[]> TryNodesAsync()
    {
        try
        {
            return await NodesAsync();
        }
        catch (HttpRequestException)
        {
            return []; // the edge knows no node to ask yet
        }
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterGroup : ICollectionFixture<ClusterFixture>
{
    public const string Name = "whole cluster";
}
