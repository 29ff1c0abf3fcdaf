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

    [ChromiumFact]
    public async Task Storage_ThatIsBlocked_IsDoneWithout()
    {
        const string Script = """
            for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied.', 'SecurityError'); } });
            """;
        var anna = Unique("anna")[..12];
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await device.Context.AddInitScriptAsync(Script);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");
        var app = new App(page);

        await page.GetByLabel("Your name").FillAsync(anna);
        await page.GetByLabel("Your name").PressAsync("Enter");
        await app.Entry("first").ClickAsync();
        await app.SayAsync($"I am {anna}");
        await app.HearsAsync($"I am {anna}");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Appearance" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");

        await page.GotoAsync("/ops/");
        await Expect(page.Locator("#nodes tr").First).ToBeVisibleAsync();
        Assert.Empty(device.Problems);
    }
}
