using Chat.Tests.Hubs;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>Where the keyboard's focus is after what had it was drawn anew. Once it was nowhere, and the next key began at the top of the page.</summary>
public sealed class FocusTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // Rows as {key}{version}{number of buttons}; where the focus is, as {row}.{button}; the rows that come; where the focus is then.
    private static readonly (string Rows, string Focused, string Coming, string Then)[] Cases =
    [
        ("a11 b12 c11", "b.1", "a11 b22 c11", "b.1"), // drawn anew
        ("a11 b12 c11", "b.1", "a11 b21 c11", "b.0"), // with fewer buttons
        ("a11 b11 c11", "b.0", "a11 b20 c11", "b"),   // with none
        ("a11 b11 c11", "b.0", "a11 c11", "c.0"),     // gone
        ("a11 b11", "b.0", "a11", "a.0"),             // the last one is gone
        ("a11 b11 c11", "b.0", "b11 c11", "b.0"),     // another one is gone
        ("a11 b11 c11", "c.0", "c11 a11 b11", "c.0"), // moved
        ("a11", "a.0", "", ""),
    ];

    [ChromiumFact]
    public async Task Focus_StaysInItsPlace()
    {
        const string Script = """
            async ([rows, focused, coming]) => {
              const { el, reconcile } = await import('/app/dom.js');
              const list = document.body.appendChild(el('ul'));
              const show = all => reconcile(list, all.split(' ').filter(Boolean).map(([key, version, count]) => ({
                key, version, make: () => el('li', {}, ...Array.from({ length: +count }, () => el('button', {}, key))),
              })));
              show(rows);
              const [row, button] = focused.split('.');
              list.querySelectorAll(`[data-key="${row}"] button`)[button].focus();
              show(coming);
              const now = document.activeElement.closest('li');
              const at = now && [...now.querySelectorAll('button')].indexOf(document.activeElement);
              list.remove();
              return !now ? '' : at < 0 ? now.dataset.key : `${now.dataset.key}.${at}`;
            }
            """;
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/theme.css"); // without the application
        await page.EvaluateAsync("document.body.replaceChildren()");

        foreach (var (rows, focused, coming, then) in Cases)
        {
            Assert.Equal((rows, focused, coming, then), (rows, focused, coming, await page.EvaluateAsync<string>(Script, new[] { rows, focused, coming })));
        }
    }

    [ChromiumFact]
    public async Task Entry_ForWhichAMessageComes_KeepsTheFocus()
    {
        await using var ben = await Cluster.ConnectAsync(0, Unique("ben")[..12]);
        var anna = Unique("anna")[..12];
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var app = await App.OpenAsync(device, $"name={anna}&group={Unique("group")[..12]}");
        await ben.SendAsync(anna, "one");
        var entry = app.Entry(ben.Nick);
        await Expect(entry.Locator(".badge")).ToHaveTextAsync("1");
        await entry.FocusAsync();

        await ben.SendAsync(anna, "two");

        await Expect(entry.Locator(".badge")).ToHaveTextAsync("2");
        await Expect(entry).ToBeFocusedAsync();
        await app.Page.Keyboard.PressAsync("ArrowDown"); // from the last entry to the first
        await Expect(app.Entry("first")).ToBeFocusedAsync();
        await app.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Leave" }).PressAsync("Enter");
        await Expect(app.Title).ToHaveTextAsync("first");
        await Expect(app.Entry("first")).ToBeFocusedAsync(); // not the button, with which a second press would leave this one, too
    }
}
