using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>A tab with the application in it, and the things that people do there.</summary>
internal sealed class App(IPage page)
{
    public IPage Page => page;

    /// <summary>The texts in the conversation that is shown.</summary>
    public ILocator Texts => page.Locator(".message .text");

    public ILocator Title => page.Locator("#title");

    /// <summary>The application's notice about the connection, if something is wrong with it.</summary>
    public ILocator Banner => page.Locator("#banner");

    /// <summary>The field for the next message.</summary>
    public ILocator Field => page.Locator("#text");

    /// <summary>Returns when the conversation named in the address is shown.</summary>
    /// <param name="device">The browser.</param>
    /// <param name="hash">The user and the conversation: <c>name=anna&amp;group=lobby</c>.</param>
    public static async Task<App> OpenAsync(Device device, string hash)
    {
        var app = new App(await device.Context.NewPageAsync());
        await app.Page.GotoAsync("/#" + hash);
        await Expect(app.Title).Not.ToBeEmptyAsync();
        return app;
    }

    /// <summary>An entry of the list of conversations.</summary>
    public ILocator Entry(string name) => page.Locator(".entry", new PageLocatorOptions { Has = page.Locator($".name:text-is(\"{name}\")") });

    public async Task SayAsync(string text)
    {
        await Field.FillAsync(text);
        await Field.PressAsync("Enter");
    }

    /// <summary>Returns when the message with this text is shown, exactly once.</summary>
    public Task HearsAsync(string text) => Expect(Texts.Filter(new LocatorFilterOptions { HasTextRegex = new Regex($"^{Regex.Escape(text)}$") })).ToHaveCountAsync(1);

    /// <summary>Joins a group through the dialog.</summary>
    public async Task JoinAsync(string group)
    {
        await page.Locator("#new").ClickAsync();
        await page.GetByLabel("Name of the group").FillAsync(group);
        await page.GetByLabel("Name of the group").PressAsync("Enter");
    }

    /// <summary>The node that it is connected to.</summary>
    public async Task<string> NodeAsync() => (await page.Locator("#condition").GetAttributeAsync("title"))!.Split(' ')[^1];

    /// <summary>Returns when it is connected to another node than this one and shows no notice any more.</summary>
    public async Task BackAsync(string otherThan)
    {
        await Expect(page.Locator("#condition")).Not.ToHaveAttributeAsync("title", $"Connected to node {otherThan}");
        await Expect(page.Locator(".who.online")).ToBeVisibleAsync();
        await Expect(Banner).ToBeHiddenAsync();
    }
}
