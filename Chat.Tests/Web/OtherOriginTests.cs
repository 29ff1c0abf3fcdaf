using Chat.Tests.Edge;
using Xunit;

namespace Chat.Tests.Web;

/// <summary>A page of another origin in a real browser, with the requests that SignalR's client makes from there.</summary>
public sealed class OtherOriginTests : IAsyncLifetime
{
    private FakeNode[] _nodes = [];

    public async Task InitializeAsync() =>
        _nodes = await Task.WhenAll(FakeNode.StartAsync("one"), FakeNode.StartAsync("two"), FakeNode.StartAsync("three"));

    public Task DisposeAsync() => Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    [ChromiumFact]
    public async Task Page_ThatIsAllowed_Negotiates_Polls_AndOpensWebSockets()
    {
        await using var edge = await EdgeHost.StartAsync([("Edge:AllowedOrigins", _nodes[0].Node.Address)], _nodes);

        Assert.Equal("200 200 200 200 200 200 200 200 open", await RunAsync(edge));
    }

    [ChromiumFact]
    public async Task Page_ThatIsNot_GetsNothing()
    {
        await using var edge = await EdgeHost.StartAsync(_nodes);

        Assert.Equal("TypeError refused", await RunAsync(edge));
        Assert.Equal(0, _nodes.Sum(node => node.Asked));
    }

    // A node's list of nodes serves as the page: it has another origin than the edge, and no policy of its own.
    private async Task<string> RunAsync(EdgeHost edge)
    {
        await using var device = await Browser.NewDeviceAsync(new Uri(_nodes[0].Node.Address));
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/api/nodes");
        return await page.EvaluateAsync<string>(
            """
            async edge => {
              const headers = { authorization: 'Bearer x', 'x-requested-with': 'XMLHttpRequest', 'x-signalr-user-agent': 'test' };
              const ask = (query, more) => fetch(edge + query, { credentials: 'include', headers, ...more });
              const said = [];
              let id = '';
              try {
                const negotiated = await ask('/negotiate?negotiateVersion=1', { method: 'POST' });
                said.push(negotiated.status);
                id = (await negotiated.json()).connectionToken;
                for (let i = 0; i < 6; i++) said.push((await ask('?id=' + id)).status);
                said.push((await ask('?id=' + id, { method: 'POST', body: '{}' })).status);
              } catch (error) { said.push(error.name); }
              const socket = new WebSocket(edge.replace('http', 'ws') + '?id=' + id);
              return new Promise(resolve => {
                socket.onopen = () => resolve([...said, 'open'].join(' '));
                socket.onerror = () => resolve([...said, 'refused'].join(' '));
              });
            }
            """,
            $"{edge.Address}signalr/chat");
    }
}
