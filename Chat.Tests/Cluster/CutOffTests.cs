using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>One node of three loses its Redis, and only that node: nothing that it sends arrives there any more.</summary>
public sealed class CutOffTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan RedWithin = TimeSpan.FromSeconds(8); // 5 s are promised; the rest is for a busy machine

    private static readonly Dictionary<string, string> Settings = new((IEnumerable<KeyValuePair<string, string>>)
    [
        .. Unlimited.Sending.Select(setting => new KeyValuePair<string, string>(setting.Key, setting.Value)),
        new("Chat:Nodes:Heartbeat", "00:00:00.25"),
        new("Chat:Nodes:Lease", "00:00:10"), // else the edge may find the node lost before the node has told all its clients
        new("Chat:Connections:ShedAfter", "00:00:01"),
        new("Chat:Connections:DrainTime", "00:00:00.5"),
        new("Chat:Backplane:Group:Messages", "100000"),
    ]);

    private readonly List<NodeProcess> _nodes = [];
    private readonly List<RedisProxy> _wires = []; // of the first node only
    private RedisServer _redis = null!;
    private EdgeProcess _edge = null!;

    private NodeProcess CutOff => _nodes[0];

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        _wires.Add(new RedisProxy(_redis));
        _nodes.AddRange(await Task.WhenAll(
            new[] { _wires[0].ConnectionString, _redis.ConnectionString, _redis.ConnectionString }.Select(redis => NodeProcess.StartAsync(redis, Settings))));
        _edge = await EdgeProcess.StartAsync(_redis.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        _nodes.ForEach(node => output.WriteLine($"node {node.Id}\n{node.Output}"));
        await _edge.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await _wires[0].DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Node_CutOffFromRedis_HandsItsClientsOver_AndIsBackByItself()
    {
        var clients = Enumerable.Range(0, 18).Select(i => new ResumingClient(() => _edge.Address, $"/chat/group/cut/c{i}")).ToArray();
        await Task.WhenAll(clients.Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(100);
        var there = clients.Where(client => client.Node == CutOff.Id).ToList();
        Assert.NotEmpty(there);

        _wires[0].Hold();
        await CutOff.UntilHealthAsync(isHealthy: false, RedWithin);
        await Task.WhenAll(there.Select(client => client.UntilResumedAsync(1, ChatClient.Deadline)));
        await traffic.UntilAsync(100);
        Assert.DoesNotContain(clients, client => client.Node == CutOff.Id);
        Assert.All(there, client => Assert.Equal(new Closing(1012, "node cut off"), client.Closings.First()));
        Assert.All(clients.Except(there), client => Assert.Empty(client.Closings));

        _wires[0].Release();
        await CutOff.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await Eventually.TrueAsync(async () =>
        {
            await using var newcomer = await _edge.ConnectAsync("/chat/group/cut/newcomer?format=json");
            await newcomer.NextFrameAsync("subscribed");
            return newcomer.Node == CutOff.Id;
        });
        await traffic.StopAsync();
        await traffic.AssertNothingMissingAsync();
    }
}
