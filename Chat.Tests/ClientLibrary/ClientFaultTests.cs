using System.Globalization;
using Chat.Client;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ClientLibrary;

/// <summary>The .NET client library when connections, nodes and Redis fail: nothing is lost, nothing arrives twice, and holes are told.</summary>
public sealed class ClientFaultTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private static readonly TimeSpan Deadline = Listener.Deadline;

    private readonly string _group = Unique("group");

    [Fact]
    public async Task NodeKilled_DuringTraffic_CostsNobodyAMessage()
    {
        var clients = await JoinAsync(9);
        using var enough = new CancellationTokenSource();
        var posting = clients.Select(client => PostAsync(client, enough.Token)).ToList();
        await clients[0].NextAsync<ChatMessage>(message => message.Position!.Value.Offset > 100);

        var dead = Cluster.Nodes.Take(1);
        var there = clients.Where(client => client.Chat.Node == dead.Id).ToList();
        Assert.NotEmpty(there);
        await dead.KillAsync();
        await Eventually.TrueAsync(() => there.All(client => client.Chat is { Reconnects: > 0, State: ChatState.Online }));
        await enough.CancelAsync();
        var published = (await Task.WhenAll(posting).WaitAsync(Deadline)).SelectMany(one => one).ToDictionary(one => one.Id, one => one.Position);
        await clients[0].Chat.PostAsync(_group, "last");

        await AssertAllHaveAsync(clients.Skip(1), published);
        await dead.DisposeAsync();
        await Cluster.AddNodeAsync();
    }

    // Each client is in more groups than fit into a query.
    [Fact]
    public async Task ConnectionBroken_InManyGroups_EachIsContinued()
    {
        const int Groups = 60;
        await using var anna = await ConnectAsync("anna");
        await using var ben = await ConnectAsync("ben");
        var names = Enumerable.Range(0, Groups).Select(i => $"{_group}-{i}-{new string('x', 60)}").ToList();
        foreach (var name in names)
        {
            await anna.Chat.JoinAsync(name);
        }

        await ben.Chat.PostAsync(names[0], "before");
        await anna.UntilAsync("before");
        anna.Chat.Break();
        await Task.WhenAll(names.Select((name, i) => ben.Chat.PostAsync(name, $"missed {i}")));

        var waiting = names.Select((name, i) => (name, $"missed {i}")).ToHashSet();
        while (waiting.Count > 0)
        {
            var one = await anna.NextAsync<ChatEvent>();
            Assert.False(one is ChatSubscribed { Recovered: false });
            if (one is ChatMessage message)
            {
                Assert.True(waiting.Remove((message.Group!, message.Text)));
            }
        }
    }

    // Once the client, when it was back, joined the group again with all devices.
    [Fact]
    public async Task Group_ThatIsLeftElsewhere_WhileAway_IsLeft()
    {
        var user = Unique("anna");
        using var mayConnect = new SemaphoreSlim(1);
        await using var phone = await Listener.ConnectAsync(Waiting(user, mayConnect), user);
        await using var tablet = await Listener.ConnectAsync(Cluster.Edge.Address, user);
        await phone.Chat.JoinAsync(_group);
        await tablet.NextAsync<ChatSubscribed>(one => one.Group == _group);

        phone.Chat.Break();
        await tablet.Chat.LeaveAsync(_group);
        mayConnect.Release();
        Assert.Equal(_group, (await phone.NextAsync<ChatUnsubscribed>()).Group);
        await tablet.Chat.SendAsync(user, "fence");
        foreach (var device in new[] { phone, tablet })
        {
            await device.UntilAsync("fence");
            Assert.DoesNotContain(_group, device.Chat.Groups);
        }
    }

    // Redis keeps a user's groups for an hour after the last device has gone. Here it forgets them at once.
    [Fact]
    public async Task MembershipForgottenWhileAway_IsTakenUpAgain_FromWhereTheClientWas()
    {
        var user = Unique("anna");
        var mayConnect = new SemaphoreSlim(1);
        await using var anna = await Listener.ConnectAsync(Waiting(user, mayConnect), user);
        await using var ben = await ConnectAsync("ben");
        await anna.Chat.JoinAsync(_group);
        await ben.Chat.PostAsync(_group, "before");
        await anna.UntilAsync("before");

        anna.Chat.Break();
        await Eventually.TrueAsync(async () =>
        {
            using var conns = new RedisClient(Cluster.Nodes.Redis.Port);
            conns.Execute("DEL", $"{{user:{user}}}:groups");
            return await Task.FromResult(anna.Chat.State != ChatState.Online);
        });
        await ben.Chat.PostAsync(_group, "missed");
        mayConnect.Release();

        Assert.Equal("missed", (await anna.NextAsync<ChatMessage>()).Text);
        await ben.Chat.PostAsync(_group, "after");
        Assert.Equal("after", (await anna.NextAsync<ChatMessage>()).Text);
        mayConnect.Dispose();
    }

    [Fact]
    public async Task RedisLost_IsTold_AndWhatWasCalledMeanwhileIsDone()
    {
        var clients = await JoinAsync(2);
        var (anna, ben) = (clients[0], clients[1]);
        await anna.Chat.PostAsync(_group, "before");
        await ben.UntilAsync("before");

        await Cluster.Nodes.Redis.KillAsync();
        var meanwhile = anna.Chat.PostAsync(_group, "meanwhile");
        await Cluster.Nodes.Redis.RestartAsync();
        await Cluster.Nodes.UntilHealthAsync(isHealthy: true, Deadline);
        await meanwhile.WaitAsync(Deadline);

        var heard = await ben.UntilAsync("meanwhile");
        Assert.Contains(heard, one => one is ChatSubscribed { Recovered: false } lost && lost.Group == _group);
        Assert.Single(heard.OfType<ChatMessage>());
        Assert.Equal((0, 0), (anna.Chat.Reconnects, ben.Chat.Reconnects));
    }

    // Once each client was refused for good when it came back with the position that it had been given.
    [Fact]
    public async Task TopicsWithoutALog_AreContinued_BehindAHole()
    {
        var settings = new Dictionary<string, string>
        {
            ["Auth:SecurityKey"] = HubCluster.SecurityKey,
            ["Chat:Redis:Prefix"] = _group,
            ["Chat:Backplane:User:Messages"] = "0",
            ["Chat:Backplane:Group:Messages"] = "0",
        };
        await using var node = await NodeProcess.StartAsync(Cluster.Nodes.Redis.ConnectionString, settings);
        await using var anna = await Listener.ConnectAsync(node.Address, "anna");
        await anna.Chat.JoinAsync(_group);
        await anna.BreakAsync();

        foreach (var topic in new[] { _group, null })
        {
            Assert.Equal(new ChatSubscribed(topic, ChatPosition.Parse(":0"), Recovered: false), await anna.NextAsync<ChatSubscribed>(one => one.Group == topic && !one.Recovered));
        }

        await using var ben = await Support.ChatClient.ConnectAsync(node.Address, $"/chat/group/{_group}/ben?format=json&since=:0", HubTestToken.Make("ben", TimeSpan.FromHours(1)));
        Assert.Contains("\"recovered\":false", await ben.NextAsync(), StringComparison.Ordinal);
        await anna.Chat.PostAsync(_group, "to both");
        await anna.UntilAsync("to both");
        Assert.Contains("to both", await ben.NextAsync(), StringComparison.Ordinal);

        await using var phone = await Listener.ConnectAsync(node.Address, "anna");
        await anna.Chat.JoinAsync(_group + "-2");
        Assert.True((await phone.NextAsync<ChatSubscribed>(one => one.Group == _group + "-2")).Recovered); // nothing was missed by a device that has just joined
    }

    // Each connection takes one permit.
    private ChatClientOptions Waiting(string user, SemaphoreSlim mayConnect) => new()
    {
        Server = Cluster.Edge.Address,
        Token = async cancellation =>
        {
            await mayConnect.WaitAsync(cancellation);
            return HubTestToken.Make(user, TimeSpan.FromHours(1));
        },
        ConnectTimeout = Deadline,
    };

    private async Task<Listener[]> JoinAsync(int count)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(i => ConnectAsync($"c{i}")));
        await Task.WhenAll(clients.Select(client => client.Chat.JoinAsync(_group)));
        return clients;
    }

    private static async Task<List<ChatPublished>> PostAsync(Listener client, CancellationToken enough)
    {
        var published = new List<ChatPublished>();
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            published.Add(await client.Chat.PostAsync(client.Chat.Groups.Single(group => group.StartsWith("group-", StringComparison.Ordinal)), i.ToString(CultureInfo.InvariantCulture), cancellationToken: CancellationToken.None));
        }

        return published;
    }

    private async Task AssertAllHaveAsync(IEnumerable<Listener> clients, Dictionary<string, ChatPosition> published)
    {
        List<string?>? order = null;
        foreach (var client in clients)
        {
            var heard = await client.UntilAsync("last");
            Assert.DoesNotContain(heard, one => one is ChatSubscribed { Recovered: false });
            var ids = heard.OfType<ChatMessage>().Where(message => message.Group == _group && message.Text != "last").Select(message => message.Id).ToList();
            Assert.Equal(published.Count, ids.Count);
            Assert.Equal(order ??= ids, ids);
            Assert.Subset(published.Keys.ToHashSet(), ids.ToHashSet()!);
        }
    }

    private Task<Listener> ConnectAsync(string name) => Listener.ConnectAsync(Cluster.Edge.Address, Unique(name));
}
