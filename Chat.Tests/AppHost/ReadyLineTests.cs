using AppHost;
using Chat.Tests.ClientLibrary;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Chat.Tests.AppHost;

public sealed class ReadyLineTests
{
    // The edge may end while it answers, when somebody restarts it in the dashboard. Once nobody waited for the cluster any longer.
    [Fact]
    public async Task Nodes_WhenTheAnswerBreaksOff_AreNotThereYet()
    {
        await using var edge = await ScriptedHub.StartAsync(async http =>
        {
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("[");
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
        using var client = new HttpClient { BaseAddress = new Uri(edge.Urls.Single()) };

        Assert.Equal(0, await ReadyLine.CountNodesAsync(client, CancellationToken.None));
    }
}
