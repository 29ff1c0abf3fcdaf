using System.Collections.Concurrent;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Clients that reconnect, on whichever node, are back in their groups and miss nothing.</summary>
public sealed class ReconnectTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private static readonly HubClientOptions Resuming = new() { Reconnects = true, Resumes = true };

    private readonly string _group = Unique("group");

    [Fact]
    public async Task Client_CutOff_IsBackInItsGroups_OnAnotherNode()
    {
        var node = 0;
        await using var anna = await HubDotNetClient.ConnectAsync(
            () => Cluster.Nodes.Nodes[node].Address, Unique("anna"), HubTransport.WebSockets, new HubClientOptions { Reconnects = true });
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        await anna.JoinAsync(_group);

        node = 1;
        anna.Break();
        await anna.ReconnectedAsync();
        await anna.ReadyAsync();
        await ben.PostAsync(_group, "welcome back");

        Assert.Equal(Cluster.Nodes.Nodes[1].Id, anna.Node);
        Assert.Equal("welcome back", (await anna.NextWhereAsync(next => next.Group == _group && next.Name == "message")).Message);
    }

    [Fact]
    public async Task Client_ThatLeftOnAnotherDevice_DoesNotComeBackIntoTheGroup()
    {
        var nick = Unique("anna");
        await using var phone = await Cluster.ConnectAsync(0, nick, new HubClientOptions { Reconnects = true, Resumes = true });
        await using var tablet = await Cluster.ConnectAsync(1, nick);
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        await phone.JoinAsync(_group);
        await ben.PostAsync(_group, "heard");
        await phone.NextWhereAsync(next => next.Message == "heard");

        await tablet.LeaveAsync(_group);
        phone.Break();
        await phone.ReconnectedAsync();
        await phone.ReadyAsync();
        await ben.PostAsync(_group, "not for anna");
        await phone.JoinAsync(_group);
        await ben.PostAsync(_group, "for anna again");

        Assert.DoesNotContain(await phone.UntilAsync(next => next.Message == "for anna again"), next => next.Message == "not for anna");
    }

    [Fact]
    public Task NodeKilled_CostsDotNetClientsNothing() => NodeEndsAsync(ConnectDotNetAsync, node => node.KillAsync());

    [Fact]
    public Task NodeStopping_CostsDotNetClientsNothing() => NodeEndsAsync(ConnectDotNetAsync, node => node.StopAsync(TimeSpan.FromSeconds(25)));

    [NodeJsFact]
    public async Task NodeKilled_CostsJavaScriptClientsNothing()
    {
        await using var script = await HubScript.StartAsync();
        await NodeEndsAsync(() => ConnectJavaScriptAsync(script), node => node.KillAsync());
    }

    [NodeJsFact]
    public async Task NodeStopping_CostsJavaScriptClientsNothing()
    {
        await using var script = await HubScript.StartAsync();
        await NodeEndsAsync(() => ConnectJavaScriptAsync(script), node => node.StopAsync(TimeSpan.FromSeconds(25)));
    }

    private async Task NodeEndsAsync(Func<Task<List<HubClient>>> connectAsync, Func<NodeProcess, Task> endAsync)
    {
        var clients = await connectAsync();
        await using var ben = await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, Unique("ben"), HubTransport.WebSockets, Resuming);
        await using var poster = new HubPoster(ben, _group, perSecond: 50);
        var heard = clients.ToDictionary(client => client, _ => new ConcurrentQueue<(long, string?)>());
        foreach (var client in clients)
        {
            client.Heard = next =>
            {
                if (next.Name == "message" && next.Group == _group)
                {
                    heard[client].Enqueue((next.Offset, next.Id));
                }
            };
            await client.JoinAsync(_group);
        }

        await poster.UntilAsync(20);
        foreach (var client in clients)
        {
            Assert.True(await WaitForAsync(() => !heard[client].IsEmpty), $"{client.Nick} heard nothing.");
        }

        var ending = Cluster.Nodes.Take(0);
        await endAsync(ending);
        await poster.UntilAsync(20);
        await Cluster.AddNodeAsync();
        await poster.UntilAsync(20);
        await poster.StopAsync();

        var published = poster.Published.Select(message => (message.Offset, (string?)message.Id)).OrderBy(message => message.Offset).ToList();
        foreach (var client in clients)
        {
            Assert.True(
                await WaitForAsync(() => heard[client].LastOrDefault() == published[^1]),
                $"{client.Nick} has {heard[client].LastOrDefault()}, the last is {published[^1]}; {client.Reconnections} reconnections; {client.Condition}");
            Assert.Equal(published.SkipWhile(message => message != heard[client].First()), heard[client]);
            Assert.Equal(0, client.Repeated);
            await client.DisposeAsync();
        }

        await ending.DisposeAsync();
    }

    private async Task<List<HubClient>> ConnectDotNetAsync()
    {
        // Enough of each kind that some are on the node that ends.
        var clients = new List<HubClient>();
        foreach (var transport in Enumerable.Repeat(Enum.GetValues<HubTransport>(), 3).SelectMany(one => one))
        {
            clients.Add(await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, Unique($"net-{transport}"), transport, Resuming));
        }

        return clients;
    }

    private async Task<List<HubClient>> ConnectJavaScriptAsync(HubScript script)
    {
        var clients = new List<HubClient>();
        foreach (var transport in Enum.GetValues<HubTransport>())
        {
            for (var i = 0; i < 2; i++)
            {
                clients.Add(await script.ConnectAsync(HubLibrary.JavaScript, Cluster.Edge.Address, Unique($"js-{transport}"), transport, Resuming));
            }
        }

        for (var i = 0; i < 3; i++)
        {
            clients.Add(await script.ConnectAsync(HubLibrary.Seed, Cluster.Edge.Address, Unique("seed"), HubTransport.LongPolling, Resuming));
        }

        return clients;
    }

    private static async Task<bool> WaitForAsync(Func<bool> condition)
    {
        try
        {
            await Eventually.TrueAsync(condition);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
