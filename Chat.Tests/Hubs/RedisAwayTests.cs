using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Redis goes and comes back empty: hub clients stay connected, are told, and are still in their groups.</summary>
public sealed class RedisAwayTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    [Fact]
    public async Task RedisLost_HubClientsStayInTheirGroups_AndGoOnWhenItIsBack()
    {
        var (group, left) = (Unique("group"), Unique("left"));
        await using var anna = await Cluster.ConnectAsync(0, Unique("anna"));
        await using var ben = await Cluster.ConnectAsync(1, Unique("ben"));
        foreach (var client in (HubClient[])[anna, ben])
        {
            await client.JoinAsync(group);
            await client.JoinAsync(left);
        }

        await ben.LeaveAsync(left);
        await anna.PostAsync(group, "before");
        await ben.NextWhereAsync(next => next.Message == "before");

        await Cluster.Nodes.Redis.KillAsync();
        var refused = await Assert.ThrowsAsync<HubException>(() => anna.PostAsync(group, "lost", "m-1"));
        Assert.Contains("not_published: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("unavailable: ", (await Assert.ThrowsAsync<HubException>(() => anna.JoinAsync(Unique("other")))).Message, StringComparison.Ordinal);
        await Cluster.Nodes.Redis.RestartAsync();
        await Cluster.Nodes.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);

        await Eventually.TrueAsync(() => TryAsync(() => anna.PostAsync(group, "again", "m-1")));
        Assert.Equal("again", (await ben.NextWhereAsync(next => next is { Name: "message" } && next.Group == group)).Message);
        Assert.False(anna.Ended.IsCompleted || ben.Ended.IsCompleted);

        // Each node recovers at a time of its own.
        await Eventually.TrueAsync(() => TryAsync(() => anna.PostAsync(left, "ben does not hear this", "m-2")));
        await Eventually.TrueAsync(() => TryAsync(() => ben.JoinAsync(left)));
        await Eventually.TrueAsync(() => TryAsync(() => anna.PostAsync(left, "ben hears this", "m-3")));
        Assert.Equal("ben hears this", (await ben.NextWhereAsync(next => next.Group == left && next.Name == "message")).Message);
    }

    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (HubException)
        {
            return false; // not yet
        }
    }
}
