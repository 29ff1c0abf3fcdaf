using System.Globalization;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Redis dies and its replica becomes the primary, while a thousand topics have members.</summary>
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Topics = 1000;
    private const int PerConnection = 100;

    private static readonly Dictionary<string, string> Settings = new((IEnumerable<KeyValuePair<string, string>>)
    [
        .. Unlimited.Sending.Select(setting => new KeyValuePair<string, string>(setting.Key, setting.Value)),
        new("Chat:Connections:PerUser", "0"),
    ]);

    private readonly List<NodeProcess> _nodes = [];
    private RedisServer _primary = null!;
    private RedisServer? _replica;

    public async Task InitializeAsync() => _primary = await RedisServer.StartAsync();

    public async Task DisposeAsync()
    {
        _nodes.ForEach(node => output.WriteLine($"node {node.Id}\n{node.Output}"));
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await (_replica?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _primary.DisposeAsync();
    }

    [RedisFact]
    public async Task Replica_ThatTakesOver_HasEveryTopic_AndNobodyReconnects()
    {
        _replica = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--replicaof", $"127.0.0.1 {_primary.Port}");
        var both = $"{_primary.ConnectionString},{_replica.ConnectionString}";
        _nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => NodeProcess.StartAsync(both, Settings))));
        var members = await JoinAsync(_nodes[0], "member");
        var publishers = await JoinAsync(_nodes[1], "publisher");
        await PublishAsync(publishers, "before");
        await ReceiveAsync(members, "before");
        using (var replication = new RedisClient(_primary.Port))
        {
            replication.Execute("SET", "mark", "1"); // behind everything that was acknowledged
            Assert.Equal(1L, replication.Execute("WAIT", "1", "10000"));
        }

        await _primary.KillAsync();
        await Task.WhenAll(_nodes.Select(node => node.UntilHealthAsync(isHealthy: false, ChatClient.Deadline)));
        _replica.Execute("REPLICAOF", "NO", "ONE");
        await Task.WhenAll(_nodes.Select(node => node.UntilHealthAsync(isHealthy: true, ChatClient.Deadline)));

        await PublishAsync(publishers, "after");
        await ReceiveAsync(members, "after");
        Assert.All(members, member => Assert.False(member.Ended.IsCompleted));
        await Task.WhenAll(members.Concat(publishers).Select(client => client.DisposeAsync().AsTask()));
    }

    private static async Task<ChatClient[]> JoinAsync(NodeProcess node, string name)
    {
        var members = await Task.WhenAll(Enumerable.Range(0, Topics / PerConnection).Select(
            i => ChatClient.ConnectAsync(node.Address, $"/chat/channel/{name}{i}?format=json")));
        foreach (var (i, member) in members.Index())
        {
            for (var k = 0; k < PerConnection; k++)
            {
                await member.SendJsonAsync(new { Method = "UserGroup", Group = Group((i * PerConnection) + k) });
            }
        }

        foreach (var member in members)
        {
            for (var k = 0; k < PerConnection; k++)
            {
                while ((await member.NextFrameAsync("subscribed")).Topic?.StartsWith("group:", StringComparison.Ordinal) != true)
                {
                    // Its own message.
                }
            }
        }

        return members;
    }

    private static async Task PublishAsync(ChatClient[] publishers, string text)
    {
        for (var i = 0; i < Topics; i++)
        {
            await publishers[i / PerConnection].SendJsonAsync(new { Method = "Group", Group = Group(i), MsgBody = text, MsgId = $"{text}-{i}" });
        }

        for (var i = 0; i < Topics; i++)
        {
            await publishers[i / PerConnection].NextFrameAsync("ack");
        }
    }

    private static async Task ReceiveAsync(ChatClient[] members, string text)
    {
        foreach (var (i, member) in members.Index())
        {
            var waiting = Enumerable.Range(i * PerConnection, PerConnection).Select(k => $"{text}-{k}").ToHashSet();
            while (waiting.Count > 0)
            {
                Assert.True(waiting.Remove((await member.NextFrameAsync("message")).Id!));
            }
        }
    }

    private static string Group(int i) => $"failover-{i.ToString(CultureInfo.InvariantCulture)}";
}
