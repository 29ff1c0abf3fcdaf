using Chat.Tests.Edge;
using Xunit;

namespace Chat.Tests.Web;

/// <summary>A page of another origin in a real browser, with the requests that SignalR's client makes there.</summary>
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
        await using var browser = await Chromium.StartAsync();

        Assert.Equal("200 200 200 200 200 200 200 200 open", await RunAsync(browser, edge));
    }

    [ChromiumFact]
    public async Task Page_ThatIsNot_GetsNothing()
    {
        await using var edge = await EdgeHost.StartAsync(_nodes);
        await using var browser = await Chromium.StartAsync();

        Assert.Equal("TypeError refused", await RunAsync(browser, edge));
        Assert.Equal(0, _nodes.Sum(node => node.Asked));
    }

    // A node's list serves as the page: it is of another origin than the edge, and brings no policy of its own.
    private async Task<string> RunAsync(Chromium browser, EdgeHost edge)
    {
        var page = await browser.OpenAsync(new Uri(_nodes[0].Node.Address + "/api/nodes"));
        await page.UntilAsync($"location.origin === '{_nodes[0].Node.Address}'"); // a window begins on a page of no origin
        await page.EvaluateAsync($$"""
            void (async () => {
              const edge = '{{edge.Address}}signalr/chat';
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
              socket.onopen = () => { window.said = [...said, 'open'].join(' '); };
              socket.onerror = () => { window.said = [...said, 'refused'].join(' '); };
            })()
            """);
        await page.UntilAsync("window.said !== undefined");
        return await page.EvaluateAsync("window.said");
    }
}
