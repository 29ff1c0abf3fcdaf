using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Web;

/// <summary>Where the page has its token from, and what it does when that expires.</summary>
public sealed class PageTokenTests : IAsyncLifetime
{
    private FakeNode? _node;
    private EdgeProcess? _edge;

    public async Task InitializeAsync()
    {
        _node = await FakeNode.StartAsync("node");
        _edge = await EdgeProcess.StartAsync(
            "",
            ("Edge:Upstream", _node.Node.Address),
            WebRoot.Setting);
    }

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_node?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [ChromiumFact]
    public async Task Token_OfTheServer_IsAskedForAgainWhenItExpires()
    {
        _node!.MakesTokens = true;
        _node.Expired = "anna-1";
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(new Uri(_edge!.Address, "/#name=anna&group=lobby"));

        await Eventually.TrueAsync(() => _node.LastChat.Authorization == "Bearer anna-2");
        Assert.DoesNotContain("anna-2", _node.LastChat.Target, StringComparison.Ordinal);
        Assert.Empty(browser.Problems);
    }

    [ChromiumFact]
    public async Task Token_InTheAddress_IsTakenOutOfIt_OutlivesAReload_AndEndsWithItsExpiry()
    {
        _node!.MakesTokens = true;
        await using var browser = await Chromium.StartAsync();
        var page = await browser.OpenAsync(new Uri(_edge!.Address, "/#name=anna&group=lobby&token=given"));
        await Eventually.TrueAsync(() => _node.LastChat.Authorization == "Bearer given");
        Assert.Equal("#name=anna&group=lobby", await page.EvaluateAsync("location.hash"));

        _node.Expired = "given";
        await page.CallAsync("Page.reload", []);

        await page.UntilAsync("document.querySelector('#status-text')?.textContent === 'disconnected for good: token expired (4401)'");
        Assert.Empty(browser.Problems);
    }

    [ChromiumFact]
    public async Task Page_OfAServerThatDoesNotListItsNodes_ShowsNoneAndDoesNotComplain()
    {
        _node!.HidesNodes = true;
        await using var browser = await Chromium.StartAsync();

        var page = await browser.OpenAsync(new Uri(_edge!.Address, "/#name=anna&group=lobby"));

        await page.UntilAsync("document.querySelector('#nodes')?.hidden === true && document.querySelector('#nodes').childElementCount === 0");
    }

    [ChromiumFact]
    public async Task Page_OfAServerWithoutTokens_GoesWithout()
    {
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(new Uri(_edge!.Address, "/#name=anna&group=lobby"));

        await Eventually.TrueAsync(() => _node!.LastChat.Target is { Length: > 0 });
        Assert.Equal("", _node!.LastChat.Authorization);
    }
}
