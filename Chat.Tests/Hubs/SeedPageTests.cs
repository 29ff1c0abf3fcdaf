using System.Text.Json;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Chat.Tests.Web;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A page with the logic of the seed's own client, in a real browser, served from another origin than the edge's.</summary>
public sealed class SeedPageTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("42");

    [NodeJsFact(NeedsChromium = true)]
    public async Task SeedPage_PostsJoinsLeavesAndMirrors_AsAgainstItsOwnServer()
    {
        await using var server = await PageServer.StartAsync(Cluster.PageOrigin);
        await using var browser = await Chromium.StartAsync();
        var desk = await OpenAsync(browser, "anna");
        var lap = await OpenAsync(browser, "anna");
        var ben = await OpenAsync(browser, "ben");
        await OnSeveralNodesAsync();

        await CallAsync(ben, "join", _group);
        await CallAsync(desk, "join", _group);
        await ShowsAsync(ben, $"{_group} + anna");
        await CallAsync(lap, "join", _group);
        await ShowsAsync(desk, $"{_group} + anna");

        await CallAsync(ben, "post", _group, "Hi <b>Anna</b>");
        foreach (var page in (BrowserPage[])[desk, lap, ben])
        {
            await ShowsAsync(page, $"{_group} ben: Hi <b>Anna</b>");
        }

        await CallAsync(desk, "leave", _group);
        await ShowsAsync(ben, $"{_group} - anna");
        await ShowsAsync(desk, $"mirror unsubscribe {_group}");
        await ShowsAsync(lap, $"mirror unsubscribe {_group}");
        await ShowsAsync(lap, $"unsubscribe {_group} done");

        await CallAsync(ben, "post", _group, "anyone?");
        await ShowsAsync(ben, $"{_group} ben: anyone?");
        await CallAsync(ben, "post", "first", _group);
        foreach (var page in (BrowserPage[])[desk, lap])
        {
            await ShowsAsync(page, $"first ben: {_group}");
            var text = await page.EvaluateAsync("document.body.innerText");
            Assert.DoesNotContain("anyone?", text, StringComparison.Ordinal);
            Assert.DoesNotContain("failed", text, StringComparison.Ordinal);
        }

        Assert.Empty(browser.Problems);
    }

    [NodeJsFact(NeedsChromium = true)]
    public async Task SeedPage_OfAnOriginThatIsNotAllowed_IsRefused()
    {
        var elsewhere = new UriBuilder(Cluster.PageOrigin) { Port = TestPort.FindFree() }.Uri;
        await using var server = await PageServer.StartAsync(elsewhere);
        await using var browser = await Chromium.StartAsync();

        var page = await browser.OpenAsync(Address(elsewhere, "anna"));

        await page.UntilAsync("document.body?.innerText.includes('not connected') ?? false");
        Assert.NotEmpty(browser.Problems);
    }

    private static async Task CallAsync(BrowserPage page, string function, params string[] arguments)
    {
        await page.EvaluateAsync($"{function}({string.Join(',', arguments.Select(one => JsonSerializer.Serialize(one)))})");
        await ShowsAsync(page, $"{function} {arguments[0]} done");
    }

    private static Task ShowsAsync(BrowserPage page, string line) =>
        page.UntilAsync($"[...document.querySelectorAll('li')].some(one => one.textContent === {JsonSerializer.Serialize(line)})");

    private Uri Address(Uri origin, string nick) =>
        new(origin, $"/seed-page.html#edge={Cluster.Edge.Address.GetLeftPart(UriPartial.Authority)}&nick={nick}");

    // Each in a browser of its own, as far as cookies go: pages that share the affinity cookie share the node.
    private async Task<BrowserPage> OpenAsync(Chromium browser, string nick)
    {
        var page = await browser.OpenAsync(Address(Cluster.PageOrigin, nick), isolated: true);
        await ShowsAsync(page, "connected");
        return page;
    }

    private Task OnSeveralNodesAsync() => Eventually.TrueAsync(async () =>
        (await Cluster.Nodes.Nodes[0].ListAsync()).Count(node => node.Connections > 0) > 1);
}
