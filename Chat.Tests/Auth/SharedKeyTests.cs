using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Auth;

/// <summary>The nodes that the AppHost starts share a key without any setting.</summary>
public sealed class SharedKeyTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Fact]
    public async Task Token_MadeByOneNode_IsTakenByAll()
    {
        var token = await Cluster.Http.GetStringAsync("api/auth/token?nick=shared");
        var clients = new List<ChatClient>();
        for (var i = 0; i < 9; i++)
        {
            clients.Add(await ChatClient.ConnectAsync(Cluster.Edge, "/chat/user/shared", token));
        }

        Assert.Equal(3, clients.Select(client => client.Node).Distinct().Count());
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Refusals_PassTheEdgeAsTheyAre()
    {
        var token = await Cluster.Http.GetStringAsync("api/auth/token?nick=shared");

        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(Cluster.Edge, "/chat/user/other", token))).Status);
        Assert.Equal(401, (await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(Cluster.Edge, "/chat/user/shared", token + "x"))).Status);
    }
}
