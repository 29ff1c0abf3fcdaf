using Chat.Tests.Hubs;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>The application on small screens, by keyboard, and its pictures.</summary>
public sealed class AppLookTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // CHAT_IMAGES=docs/images renews the documents' pictures. Otherwise the pictures are discarded.
    private static readonly string? Images = Environment.GetEnvironmentVariable("CHAT_IMAGES");

    private static readonly BrowserNewContextOptions Phone = new() { ViewportSize = new ViewportSize { Width = 390, Height = 780 }, HasTouch = true, IsMobile = true, DeviceScaleFactor = 2 };

    private readonly string _group = Unique("group")[..12];

    [ChromiumFact]
    public async Task Phone_ShowsOnePaneAtATime_AndNothingBesideTheScreen()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions(Phone) { ViewportSize = new ViewportSize { Width = 320, Height = 560 } });
        var app = await App.OpenAsync(device, $"name={Unique("anna")[..12]}&group={_group}");
        await app.SayAsync(new string('x', 300));
        await app.HearsAsync(new string('x', 300));
        Assert.Equal(320, await app.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));

        await app.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Who is here" }).ClickAsync();
        await Expect(app.Page.Locator("#members-list")).ToBeInViewportAsync();
        await app.Page.Keyboard.PressAsync("Escape");
        await app.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Back to the conversations" }).ClickAsync();
        await Expect(app.Field).ToBeHiddenAsync();
        await app.Entry("second").ClickAsync();
        await Expect(app.Title).ToHaveTextAsync("second");
        await Expect(app.Entry("second")).ToBeHiddenAsync();
        Assert.Equal(320, await app.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    // It showed a blank page without a way back.
    [ChromiumFact]
    public async Task Phone_WhoseLastConversationIsClosed_ShowsTheList()
    {
        var mallory = Unique("mallory")[..14];
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions(Phone));
        var app = await App.OpenAsync(device, $"name={mallory}&group=first");
        foreach (var group in (string[])["first", "second"])
        {
            await Expect(app.Title).ToHaveTextAsync(group);
            await app.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Leave" }).ClickAsync();
            await Expect(app.Entry(group)).ToHaveCountAsync(0);
            await app.JoinAsync(group == "first" ? "second" : _group);
        }

        await Expect(app.Title).ToHaveTextAsync(_group);
        await Cluster.SanctionAsync("ban", mallory, $"group:{_group}");
        await app.Page.Locator("#shut").ClickAsync();

        await Expect(app.Page.GetByText("You are in no group.")).ToBeVisibleAsync();
    }

    // It was said in the conversation only, so nowhere before the first one was open, and nowhere beside the list on a phone.
    [ChromiumFact]
    public async Task Phone_SaysThatThereIsNoConnection_WhicheverPaneItShows()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions(Phone));
        await device.Context.RouteAsync("**/api/auth/token*", route => route.AbortAsync());
        var app = new App(await device.Context.NewPageAsync());
        await app.Page.GotoAsync($"/#name={Unique("anna")[..12]}");
        await Expect(app.Banner).ToBeVisibleAsync();
        await Expect(app.Banner).ToContainTextAsync("The server cannot be reached. Trying again in ");

        await device.Context.UnrouteAllAsync();
        await Expect(app.Entry("first")).ToBeVisibleAsync();
        await Expect(app.Banner).ToBeHiddenAsync();
        await device.Context.SetOfflineAsync(true);
        await Expect(app.Banner).ToBeVisibleAsync();
        await app.Entry("first").ClickAsync();
        await Expect(app.Banner).ToBeInViewportAsync();
    }

    [ChromiumFact]
    public async Task Keyboard_IsEnough()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");
        var (app, keys) = (new App(page), page.Keyboard);

        await keys.TypeAsync(Unique("anna")[..12]);
        await keys.PressAsync("Enter");
        await Expect(app.Entry("first")).ToBeVisibleAsync();
        await Expect(page.Locator("#new")).ToBeFocusedAsync(); // the element that had the focus is hidden
        await keys.PressAsync("Control+k");
        await keys.TypeAsync(_group);
        await keys.PressAsync("Enter");
        await Expect(app.Title).ToHaveTextAsync(_group);
        await keys.TypeAsync("by keyboard");
        await keys.PressAsync("Enter");
        await app.HearsAsync("by keyboard");
        await app.Entry(_group).FocusAsync();
        await keys.PressAsync("ArrowUp");
        await keys.PressAsync("Enter");
        await Expect(app.Title).ToHaveTextAsync("first");
        await Expect(app.Field).ToBeFocusedAsync();
    }

    [ChromiumFact]
    public async Task Pictures_AreMade()
    {
        string[] names = Images is null ? [Unique("a")[..8], Unique("b")[..8], Unique("c")[..8], Unique("d")[..8]] : ["anna", "ben", "cleo", "dora"];
        await using var light = await Browser.NewDeviceAsync(Cluster.Edge.Address, Screen(ColorScheme.Light));
        await using var dark = await Browser.NewDeviceAsync(Cluster.Edge.Address, Screen(ColorScheme.Dark));
        await using var phone = await Browser.NewDeviceAsync(Cluster.Edge.Address, Phone);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address, Phone);
        var group = Images is null ? _group : "lobby";
        var a = await App.OpenAsync(light, $"name={names[0]}&group={group}");
        var b = await App.OpenAsync(dark, $"name={names[1]}&group={group}");
        var c = await App.OpenAsync(phone, $"name={names[2]}&group={group}");
        var d = await App.OpenAsync(another, $"name={names[3]}&group={group}");
        await a.SayAsync("Good morning! The new build is on staging, could somebody have a look at the payment page?");
        await b.HearsAsync("Good morning! The new build is on staging, could somebody have a look at the payment page?");
        await b.SayAsync("On it.");
        await b.SayAsync("Two things so far:\n1. the total is off by a cent\n2. <b>bold</b> is shown as it should be: as text");
        await c.HearsAsync("On it.");
        await c.SayAsync("I can take the rounding, I know where it is.");
        await a.HearsAsync("I can take the rounding, I know where it is.");
        await a.SayAsync("Perfect, thank you both.");
        await c.HearsAsync("Perfect, thank you both.");
        await d.Field.PressSequentiallyAsync("y");
        await Expect(a.Page.Locator("#typing")).ToHaveTextAsync($"{names[3]} is typing …");
        await SaveAsync(a, "app-light");
        await SaveAsync(b, "app-dark");
        await SaveAsync(c, "app-phone");
        await a.JoinAsync("closed-board");
        await Expect(a.Page.Locator("#begin-error")).ToContainTextAsync("not allowed");
        await SaveAsync(a, "app-refused");
        await dark.Context.SetOfflineAsync(true);
        await b.SayAsync("Fixed, please try again.");
        await Expect(b.Banner).ToBeVisibleAsync();
        await SaveAsync(b, "app-reconnecting");
    }

    private static BrowserNewContextOptions Screen(ColorScheme scheme) => new() { ViewportSize = new ViewportSize { Width = 1200, Height = 720 }, ColorScheme = scheme };

    private static async Task SaveAsync(App app, string name)
    {
        var path = Images is null ? null : Path.Combine(Documents.Repository.Root, Images, name + ".png");
        Assert.NotEmpty(await app.Page.ScreenshotAsync(new PageScreenshotOptions { Path = path }));
    }
}
