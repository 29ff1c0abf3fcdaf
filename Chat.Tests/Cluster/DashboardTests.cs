using System.Net;
using Aspire.Hosting.ApplicationModel;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>What the dashboard shows of the cluster and can do with it.</summary>
public sealed class DashboardTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Fact]
    public async Task Edge_HasLinksWithNames_EachToAPageThatIsThere()
    {
        var edge = await Cluster.Application.ResourceNotifications.WaitForResourceAsync("edge", edge => edge.Snapshot.Urls.Length >= 3);

        var links = edge.Snapshot.Urls.ToDictionary(url => url.DisplayProperties.DisplayName, url => url.Url);
        Assert.Equal(["API document", "Chat", "Operations"], links.Keys.Order());
        using var http = new HttpClient();
        foreach (var (name, url) in links)
        {
            using var answer = await http.GetAsync(new Uri(url));
            Assert.True(answer.StatusCode == HttpStatusCode.OK && answer.Content.Headers.ContentType?.MediaType == "text/html", $"{name} at {url}: {answer}");
        }
    }

    [Fact]
    public async Task SmallLoad_IsRun_AndSaysWhatArrived()
    {
        var result = await Cluster.Application.ResourceCommands.ExecuteCommandAsync("edge", global::AppHost.ClusterCommands.Load);

        Assert.True(result.Success, result.Message);
        Assert.Matches("^20 users on 3 nodes wrote 200 messages. .* Everybody saw all of them, once and in one order.$", result.Message);
    }

    // All tests share the cluster, so the node is repaired afterwards.
    [Fact]
    public async Task Node_IsDrained_AndTakesClientsAgainWhenItIsRestarted()
    {
        var commands = Cluster.Application.ResourceCommands;
        var instance = await Cluster.Application.ResourceNotifications.WaitForResourceAsync("chat-api", node => node.Snapshot.State?.Text == KnownResourceStates.Running);
        var before = await Cluster.NodesAsync();

        var result = await commands.ExecuteCommandAsync(instance.ResourceId, global::AppHost.ClusterCommands.Drain);

        Assert.True(result.Success, result.Message);
        var nodes = await Cluster.UntilNodesAsync(nodes => nodes.Any(node => node.State == "draining"), ChatClient.Deadline);
        var address = instance.Snapshot.EnvironmentVariables.Single(variable => variable.Name == "ASPNETCORE_URLS").Value!;
        Assert.Equal(new Uri(address), new Uri(nodes.Single(node => node.State == "draining").Address));

        Assert.True((await commands.ExecuteCommandAsync(instance.ResourceId, "resource-restart")).Success);
        await Cluster.UntilReadyAsync(nodes => nodes.All(node => node.State == "ready") && nodes.Count(node => before.All(old => old.Id != node.Id)) == 1);
    }
}
