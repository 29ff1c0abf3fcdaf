using System.Text.Json;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Web;

/// <summary>The page at <c>/</c>, and with it the JavaScript client of PROTOCOL.md, in a real browser.</summary>
public sealed class ChatPageTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [ChromiumFact]
    public async Task Pages_InOneGroup_ExchangeMessages_AndSeeThemConfirmed()
    {
        await using var browser = await Chromium.StartAsync();
        var anna = await JoinAsync(browser, "#name=anna&group=page");
        var ben = await JoinAsync(browser, "#name=ben&group=page");

        await SayAsync(anna, "Hello <b>Ben</b>");
        await ben.UntilAsync(Shows(".message:not(.mine) .words", "Hello <b>Ben</b>"));
        await anna.UntilAsync(Shows(".message.mine.sent .words", "Hello <b>Ben</b>"));
        await SayAsync(ben, "Hello Anna");
        await anna.UntilAsync(Shows(".message:not(.mine) .words", "Hello Anna"));
        await anna.UntilAsync("document.querySelectorAll('.node.ready').length === 3");

        Assert.Empty(browser.Problems);
    }

    [ChromiumFact]
    public async Task Page_ThatWasCutOff_SaysSo_AndCatchesUpInBothDirections()
    {
        await using var browser = await Chromium.StartAsync();
        var anna = await JoinAsync(browser, "#name=anna&user=ben");
        await using var ben = await Cluster.ConnectAsync("/chat/user/ben?format=json");
        await ben.SendJsonAsync(new { Id = "anna", Msg = "first" });
        await anna.UntilAsync(Shows(".message .words", "first"));

        await anna.SetOfflineAsync(true);
        await anna.UntilAsync("document.querySelector('#status').classList.contains('waiting')");
        await ben.SendJsonAsync(new { Id = "anna", Msg = "missed", MsgId = "1" });
        await ben.NextFrameAsync("ack");
        await SayAsync(anna, "written offline");
        await anna.SetOfflineAsync(false);

        Assert.Equal("written offline", (await ben.NextFrameAsync("message")).Msg);
        await anna.UntilAsync(Shows(".message.missed .words", "missed"));
        await anna.UntilAsync(Shows(".line.good", "Back. Caught up on 1 missed message."));
        await anna.UntilAsync(Shows(".message.mine.sent .words", "written offline"));
    }

    private static string Shows(string selector, string text) =>
        $"[...document.querySelectorAll('{selector}')].some(one => one.textContent === {JsonSerializer.Serialize(text)})";

    private static Task<string> SayAsync(BrowserPage page, string text) => page.EvaluateAsync(
        $"(document.querySelector('#text').value = {JsonSerializer.Serialize(text)}, document.querySelector('#composer').requestSubmit())");

    private async Task<BrowserPage> JoinAsync(Chromium browser, string where)
    {
        var page = await browser.OpenAsync(new Uri(Cluster.Edge, where));
        await page.UntilAsync("document.querySelector('#status')?.classList.contains('online') ?? false");
        return page;
    }
}
