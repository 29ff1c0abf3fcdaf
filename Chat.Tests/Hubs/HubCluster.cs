using System.Globalization;
using System.Net.Http.Json;
using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Three nodes and an edge, all real processes, for tests of the hub that end nodes or need their own settings.</summary>
public sealed class HubCluster : IAsyncLifetime
{
    /// <summary>The nodes' key, with which tests create their own tokens.</summary>
    internal const string SecurityKey = "a key that only tests use, thirty-two bytes and more";

    /// <summary>The key of a backend for the nodes' server API.</summary>
    internal const string ApiKey = "a-secret-of-a-backend-that-only-tests-use";

    private NodeCluster? _nodes;
    private EdgeProcess? _edge;

    internal NodeCluster Nodes => _nodes!;

    internal EdgeProcess Edge => _edge!;

    /// <summary>The origin of the seed's page, which is not the edge's.</summary>
    internal Uri PageOrigin { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestPort.FindFree()}"));

    public async Task InitializeAsync()
    {
        _nodes = await NodeCluster.StartAsync(
            nodes: 3,
            persists: false,
            [
                .. Unlimited.Sending,
                ("Auth:SecurityKey", SecurityKey),
                ("Auth:ClockSkew", "00:00:00"),
                ("Api:Keys:0:Name", "tests"),
                ("Api:Keys:0:Secret", ApiKey),
                ("Chat:Access:Rules:0:Topics", "group:closed-*"),
                ("Chat:Access:Rules:0:Join", "service"),
                ("Chat:Access:Rules:1:Topics", "group:news-*"),
                ("Chat:Access:Rules:1:Post", "service"),
                ("Chat:Connections:PerUser", "0"),
                ("Chat:Connections:DrainTime", "00:00:00.5"),
                ("Chat:Connections:CloseTimeout", "00:00:30"), // a slow client is cut off after this time, and has to read the reason however long the test takes
                ("Chat:Hub:RemovalTimeout", "00:00:01"), // shorter than a lease here: a frozen node still counts
                ("Chat:Backplane:Group:Messages", "10000"),
            ]);
        _edge = await EdgeProcess.StartAsync(_nodes.Redis.ConnectionString, WebRoot.Setting, ("Edge:AllowedOrigins", PageOrigin.GetLeftPart(UriPartial.Authority)));
        await UntilServedAsync(_nodes.Nodes);
    }

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_nodes?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    internal Task<HubDotNetClient> ConnectAsync(int node, string nick, HubClientOptions? options = null) =>
        HubDotNetClient.ConnectAsync(Nodes.Nodes[node].Address, nick, HubTransport.WebSockets, options);

    /// <summary>Bans or mutes a user, like a backend does.</summary>
    internal Task SanctionAsync(string kind, string user, string? topic = null) => CallAsync("users/" + kind, new { user, topic });

    /// <summary>Lifts a ban from a topic, like a backend does.</summary>
    internal Task LiftBanAsync(string user, string topic) => CallAsync("users/lift", new { user, kind = "ban", topic });

    /// <summary>Deletes a message, like a backend does, through a node.</summary>
    internal async Task DeleteAsync(string topic, string epoch, long offset, int node = 0)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "api/v1/messages/delete") { Content = JsonContent.Create(new { topic, epoch, offset }) };
        call.Headers.Add("X-Api-Key", ApiKey);
        using var answer = await Nodes.Nodes[node].Http.SendAsync(call);
        Assert.Contains("\"deleted\":true", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Starts a node. Returns when the edge sends clients to it.</summary>
    internal async Task AddNodeAsync()
    {
        await Nodes.AddAsync();
        await UntilServedAsync([Nodes.Nodes[^1]]);
    }

    private async Task CallAsync(string path, object argument)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "api/v1/" + path) { Content = JsonContent.Create(argument) };
        call.Headers.Add("X-Api-Key", ApiKey);
        using var answer = await Nodes.Nodes[0].Http.SendAsync(call);
        answer.EnsureSuccessStatusCode();
    }

    private async Task UntilServedAsync(IEnumerable<NodeProcess> nodes)
    {
        var awaited = nodes.Select(node => node.Id).ToHashSet();
        await Eventually.TrueAsync(async () =>
        {
            await using var client = await Edge.ConnectAsync("/chat/user/looking");
            awaited.Remove(client.Node);
            return awaited.Count == 0;
        });
    }
}

[CollectionDefinition(Name)]
public sealed class HubGroupOfTests : ICollectionFixture<HubCluster>
{
    public const string Name = "hub behind an edge";
}

/// <summary>A test on that cluster. Its output, which runners show when it fails, contains the output of the processes.</summary>
[Collection(HubGroupOfTests.Name)]
public abstract class HubTest(HubCluster cluster, ITestOutputHelper output) : IDisposable
{
    private protected HubCluster Cluster => cluster;

    /// <summary>A name that no other test uses.</summary>
    private protected static string Unique(string name) => $"{name}-{Guid.NewGuid():N}";

    public void Dispose()
    {
        output.WriteLine(cluster.Nodes.Log());
        output.WriteLine(cluster.Edge.Output);
        GC.SuppressFinalize(this);
    }
}
