using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Operations;

/// <summary>A node is drained through the edge, as the operations page does it.</summary>
public sealed class DrainTests(FailoverCluster cluster, ITestOutputHelper output) : IClassFixture<FailoverCluster>, IDisposable
{
    public void Dispose() => output.WriteLine(cluster.Nodes.Log());

    [Fact]
    public async Task Node_ThatIsDrained_HandsItsClientsOver_AndNothingIsLost()
    {
        const int atLeast = 60;
        var clients = Enumerable.Range(0, 10).Select(i => new ResumingClient(() => cluster.Edge.Address, $"/chat/group/drained/m{i}")).ToArray();
        await using var writer = new ResumingClient(() => cluster.Edge.Address, "/chat/group/drained/writer");
        await Task.WhenAll(clients.Append(writer).Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        var drained = cluster.Nodes.Nodes.Single(node => node.Id == clients[0].Node);
        using var enough = new CancellationTokenSource();
        var writing = WriteAsync(writer, atLeast, enough.Token);
        await clients[0].UntilAsync(atLeast / 6, ChatClient.Deadline);

        Assert.Equal(HttpStatusCode.OK, await DrainAsync(drained.Id));
        Assert.Equal(HttpStatusCode.OK, await DrainAsync(drained.Id)); // a second click does no harm

        await Eventually.TrueAsync(() => Array.Exists(clients, client => client.Resumes > 0)); // in the middle of the traffic
        await enough.CancelAsync();
        var messages = await writing;
        foreach (var client in clients)
        {
            await client.UntilAsync(messages, ChatClient.Deadline);
            Assert.Equal(Enumerable.Range(0, messages).Select(i => $"{i}"), client.Messages.Select(message => message.Msg!));
            Assert.Equal((0, 0), (client.Holes, client.Repeated));
        }

        await Eventually.TrueAsync(() => clients.Append(writer).All(client => client.Node.Length > 0 && client.Node != drained.Id));
        await Eventually.TrueAsync(async () => (await drained.ListAsync()).Single(node => node.Id == drained.Id) is { State: "draining", Connections: 0 });
        Assert.True(drained.IsRunning); // it runs until somebody stops it

        var other = cluster.Nodes.Nodes.Single(node => node.Id != drained.Id);
        Assert.Equal(HttpStatusCode.Conflict, await DrainAsync(other.Id)); // it is the last node
        Assert.Contains((await drained.ListAsync()), node => node.Id == other.Id && node.State == "ready");
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }

    private async Task<HttpStatusCode> DrainAsync(string node)
    {
        var status = HttpStatusCode.ServiceUnavailable;
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await cluster.Edge.Http.PostAsync($"ops/drain?node={node}", content: null);
            if (answer.IsSuccessStatusCode)
            {
                Assert.Equal(node, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("node").GetString());
            }

            status = answer.StatusCode;
            return status != HttpStatusCode.ServiceUnavailable; // the node did not confirm in time, as happens on a busy machine: try again
        });
        return status;
    }

    private static async Task<int> WriteAsync(ResumingClient writer, int atLeast, CancellationToken enough)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10)); // without a pace, there would be more messages than the log keeps before a client is back
        var messages = 0;
        for (; messages < atLeast || !enough.IsCancellationRequested; messages++)
        {
            await writer.PublishAsync($"drained-{messages}", $"{messages}");
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return messages;
    }
}
