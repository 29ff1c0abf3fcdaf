using Chat.Tests.Hubs;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>The pages in browsers that lack something, where the pages once were blank.</summary>
public sealed class PoorBrowserTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    [ChromiumFact]
    public async Task Scripts_ThatAreSwitchedOff_AreAskedFor()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await device.Context.NewPageAsync();
        var words = page.Locator("noscript .error"); // GetByText does not look there

        await page.GotoAsync("/");
        await Expect(words).ToBeVisibleAsync();
        await Expect(words).ToContainTextAsync("Chat needs JavaScript.");
        await page.GotoAsync("/ops/");
        await Expect(words).ToBeVisibleAsync();
        await Expect(words).ToContainTextAsync("This page needs JavaScript.");
    }
}
