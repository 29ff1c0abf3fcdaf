using Chat.Tests.Hubs;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>What the application shows to users without the right, and for invalid tokens.</summary>
public sealed class AppRefusalTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("group")[..12];
    private readonly string _mallory = Unique("mallory")[..14];

    [ChromiumFact]
    public async Task Rules_Refuse_InWords()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var app = await App.OpenAsync(device, $"name={_mallory}&group=news-today");

        await app.SayAsync("may I?");
        await Expect(app.Page.Locator(".failure")).ToHaveTextAsync("Not sent. You are not allowed to write here.");
        await app.JoinAsync("closed-board");
        await Expect(app.Page.Locator("#begin-error")).ToHaveTextAsync("You are not allowed to join closed-board.");
        await app.Page.Keyboard.PressAsync("Escape");
        await Expect(app.Page.Locator("#begin")).ToBeHiddenAsync();
    }

    [ChromiumFact]
    public async Task Ban_FromAGroup_ThenFromEverything_IsSaid()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var app = await App.OpenAsync(device, $"name={_mallory}&group={_group}");
        await app.SayAsync("still here");

        await Cluster.SanctionAsync("ban", _mallory, $"group:{_group}");
        await Expect(app.Page.Locator("#notice-text")).ToHaveTextAsync($"You are not allowed in {_group} any more.");
        await Expect(app.Field).ToBeHiddenAsync();
        await app.HearsAsync("still here");

        await Cluster.SanctionAsync("ban", _mallory);
        await Expect(app.Page.Locator("#sign-in-error")).ToHaveTextAsync("You have been banned.");
        await app.Page.GetByLabel("Your name").FillAsync(_mallory);
        await app.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await Expect(app.Page.Locator("#sign-in-error")).ToHaveTextAsync("You are banned.");
    }

    // It was not known who was there until the page was loaded again, and what had been said meanwhile was not shown at all.
    [ChromiumFact]
    public async Task Ban_FromAGroup_OnceItIsLifted_LeavesNoGap()
    {
        await using var ben = await Cluster.ConnectAsync(0, "ben");
        await ben.JoinAsync(_group);
        await ben.PostAsync(_group, "before");
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var app = await App.OpenAsync(device, $"name={_mallory}&group={_group}");
        await app.HearsAsync("before");
        await Cluster.SanctionAsync("ban", _mallory, $"group:{_group}");
        await Expect(app.Page.Locator("#notice-text")).ToHaveTextAsync($"You are not allowed in {_group} any more.");
        string[] meanwhile = [.. Enumerable.Range(0, 60).Select(i => $"line {i}")]; // more than a page
        foreach (var text in meanwhile)
        {
            await ben.PostAsync(_group, text);
        }

        await Cluster.LiftBanAsync(_mallory, $"group:{_group}");
        await app.JoinAsync(_group);

        await Expect(app.Texts).ToHaveTextAsync(["before", .. meanwhile]);
        await Expect(app.Page.Locator("#members-list .name")).ToHaveTextAsync(["ben", _mallory]);
        await Expect(app.Page.Locator(".line.warn")).ToHaveCountAsync(0);
        Assert.Empty(device.Problems);
    }

    [ChromiumFact]
    public async Task Token_InTheAddress_IsTakenOutOfIt_AndOutlivesAReload()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var app = await App.OpenAsync(device, $"token={HubTestToken.Make(_mallory, TimeSpan.FromHours(1))}&group={_group}");
        Assert.Equal($"#name={_mallory}&group={_group}", await app.Page.EvaluateAsync<string>("location.hash"));

        await app.Page.ReloadAsync();

        await Expect(app.Page.Locator(".who.online .name")).ToHaveTextAsync(_mallory);
        await Expect(app.Title).ToHaveTextAsync(_group);
    }

    [ChromiumFact]
    public async Task Token_ThatHasExpired_IsSaidToHave()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();

        await page.GotoAsync($"/#token={HubTestToken.Make(_mallory, TimeSpan.FromMinutes(-1))}");

        await Expect(page.Locator("#sign-in-error")).ToHaveTextAsync("The token has expired.");
        await Expect(page.GetByLabel("Your token")).ToBeFocusedAsync();
    }

    // As a name has it that was copied from somewhere: the page said that the connection was lost, and tried forever.
    [ChromiumFact]
    public async Task Name_ThatTheServerDoesNotTake_IsAskedForAgain()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();

        await page.GotoAsync($"/#name={Uri.EscapeDataString($"{_mallory}\u200e")}");

        await Expect(page.Locator("#sign-in-error")).ToContainTextAsync("The server does not accept this name. It may contain invisible characters.");
        await Expect(page.GetByLabel("Your name")).ToBeFocusedAsync();
    }

    [ChromiumFact]
    public async Task Name_WhereTheServerGivesNoTokens_AsksForOne()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await device.Context.RouteAsync("**/api/auth/token*", route => route.FulfillAsync(new RouteFulfillOptions { Status = 404 }));
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");

        await page.GetByLabel("Your name").FillAsync(_mallory);
        await page.GetByLabel("Your name").PressAsync("Enter");
        await Expect(page.Locator("#sign-in-error")).ToContainTextAsync("Sign in with a token");
        await page.GetByLabel("Your token").FillAsync(HubTestToken.Make(_mallory, TimeSpan.FromHours(1)));
        await page.GetByLabel("Your token").PressAsync("Enter");

        await Expect(page.Locator(".who.online .name")).ToHaveTextAsync(_mallory);
    }
}
