using System.Globalization;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A client that comes back to hundreds of kilobytes receives all of them, over every transport.</summary>
/// <remarks>Over server-sent events and long polling, the official JavaScript clients once ended with "Message is incomplete.", and did so again at
/// every return: data that were sent at once were cut at 64 KiB, in the middle of a record.</remarks>
public sealed class BacklogTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private const int Messages = 250;

    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public Task DotNetClient_GetsALargeBacklog(HubTransport transport) =>
        CatchUpAsync(async options => await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, _anna, transport, options));

    [NodeJsTheory]
    [InlineData(HubLibrary.JavaScript, HubTransport.WebSockets)]
    [InlineData(HubLibrary.JavaScript, HubTransport.ServerSentEvents)]
    [InlineData(HubLibrary.JavaScript, HubTransport.LongPolling)]
    [InlineData(HubLibrary.Seed, HubTransport.WebSockets)]
    [InlineData(HubLibrary.Seed, HubTransport.ServerSentEvents)]
    [InlineData(HubLibrary.Seed, HubTransport.LongPolling)]
    public async Task JavaScriptClient_GetsALargeBacklog(HubLibrary library, HubTransport transport)
    {
        await using var script = await HubScript.StartAsync();
        await CatchUpAsync(async options => await script.ConnectAsync(library, Cluster.Edge.Address, _anna, transport, options));
    }

    private async Task CatchUpAsync(Func<HubClientOptions, Task<HubClient>> connectAsync)
    {
        string position;
        await using (var before = await Cluster.ConnectAsync(0, _anna))
        {
            position = (await before.JoinAsync(_group)).Position;
        }

        await using var ben = await Cluster.ConnectAsync(1, Unique("ben"));
        var text = new string('x', 1000);
        await PostAsync(ben, 0, text);
        await using var anna = await connectAsync(new HubClientOptions { Query = $"since={_group}:{position}" });
        for (var i = 0; i < Messages; i++)
        {
            Assert.Equal(Text(i, text), (await anna.NextAsync("message")).Message);
        }

        // The same for messages that arrive while it is connected, faster than a poll returns.
        await PostAsync(ben, Messages, text);
        for (var i = Messages; i < 2 * Messages; i++)
        {
            Assert.Equal(Text(i, text), (await anna.NextAsync("message")).Message);
        }
    }

    private Task<HubPublished[]> PostAsync(HubDotNetClient ben, int from, string text) =>
        Task.WhenAll(Enumerable.Range(from, Messages).Select(i => ben.PostAsync(_group, Text(i, text))));

    private static string Text(int i, string text) => string.Create(CultureInfo.InvariantCulture, $"{i} {text}");
}
