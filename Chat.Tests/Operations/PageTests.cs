using System.Text.RegularExpressions;
using Chat.Tests.Hubs;
using Chat.Tests.Web;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Operations;

/// <summary>The operations page, in a real browser.</summary>
public sealed class PageTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // As for the application's pictures, CHAT_IMAGES=docs/images renews those of the document.
    private static readonly string? Images = Environment.GetEnvironmentVariable("CHAT_IMAGES");
    private static readonly TimeSpan PictureTime = TimeSpan.FromSeconds(40); // duration of the load, so that the charts have something to show

    [ChromiumFact]
    public async Task Page_ShowsTheClusterLive_OnAPhoneAsWell()
    {
        var group = $"<b>{Unique("ops")[..12]}";
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 320, Height = 600 } });
        var page = await OpenAsync(device);
        var members = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Cluster.Edge.ConnectAsync($"/chat/group/{Uri.EscapeDataString(group)}/m{i}"))); // more members than other groups have
        await using var writer = await Cluster.Edge.ConnectAsync($"/chat/group/{Uri.EscapeDataString(group)}/writer?format=json");
        await writer.SendJsonAsync(new { Msg = "hello", MsgId = "m-1" });

        await Expect(page.Locator("#nodes tr")).ToHaveCountAsync(Cluster.Nodes.Nodes.Count);
        await Expect(page.Locator("#topics tr").Filter(new() { HasText = $"group:{group}" }).Locator(".n")).ToHaveTextAsync("31"); // text, not markup
        await Expect(page.Locator(".chart.two svg")).ToHaveAttributeAsync("aria-label", new Regex("^Delivered per second: .* at most [1-9]"));
        await Expect(page.Locator("#state")).ToHaveTextAsync(new Regex("^live, as "));
        Assert.Equal(320, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Empty(device.Problems);
        await Task.WhenAll(members.Select(member => member.DisposeAsync().AsTask()));
    }

    // DrainTests shows that the drain then happens. Here it would affect nodes that other tests share.
    [ChromiumFact]
    public async Task Drain_IsAskedForByKeyboard_AndDoneOnceItIsConfirmed()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await OpenAsync(device);
        var asked = new List<string>();
        await page.RouteAsync("**/ops/drain*", async route =>
        {
            asked.Add($"{route.Request.Method} {new Uri(route.Request.Url).Query}");
            await route.FulfillAsync(asked.Count == 1
                ? new RouteFulfillOptions { Status = 409, ContentType = "application/problem+json", Body = """{"detail":"It is the only node."}""" }
                : new RouteFulfillOptions { Status = 200, ContentType = "application/json", Body = "{}" });
        });
        var node = Cluster.Nodes.Nodes[0].Id;
        var button = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = $"Drain {node} …" });

        await button.PressAsync("Enter");
        await Expect(page.Locator("#drain-no")).ToBeFocusedAsync(); // a second Enter does nothing
        await page.Keyboard.PressAsync("Escape");
        Assert.Empty(asked);

        await button.PressAsync("Enter");
        await page.Locator("#drain-yes").ClickAsync();
        await Expect(page.Locator("#drain-error")).ToHaveTextAsync("It is the only node.");
        await page.Locator("#drain-yes").ClickAsync();
        await Expect(page.Locator("#drain")).ToBeHiddenAsync();
        Assert.Equal([$"POST ?node={node}", $"POST ?node={node}"], asked);
    }

    [ChromiumFact]
    public async Task Key_IsAskedFor_WhereTheNodesWantOne_AndSentWithEachQuestion()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.RouteAsync("**/ops/report", async route =>
        {
            var headers = await route.Request.AllHeadersAsync();
            if (headers.GetValueOrDefault("x-api-key") == HubCluster.ApiKey || headers.GetValueOrDefault("authorization") == "Bearer a.b.c")
            {
                await route.ContinueAsync();
                return;
            }

            await route.FulfillAsync(new RouteFulfillOptions { Status = 401 });
        });
        await page.GotoAsync("/ops/");
        var key = page.GetByLabel("Key or token");

        await key.FillAsync("“wrong”"); // no header can carry it
        await key.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That key is not accepted.");
        await key.FillAsync(HubCluster.ApiKey);
        await key.PressAsync("Enter");
        await Expect(page.Locator("#nodes tr").First).ToBeVisibleAsync();
        await page.ReloadAsync(); // the key is kept for this tab
        await Expect(page.Locator("#nodes tr").First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Forget the key" }).ClickAsync();
        await Expect(page.Locator("#board")).ToBeHiddenAsync();
        await key.FillAsync("wrong");
        await key.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That key is not accepted.");
        await key.FillAsync("a.b.c"); // a token
        await key.PressAsync("Enter");
        await Expect(page.Locator("#nodes tr").First).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task Picture_IsMade()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1200, Height = 860 } });
        var page = await OpenAsync(device);
        if (Images is not null)
        {
            await WriteAsync(PictureTime);
        }

        var path = Images is null ? null : Path.Combine(Documents.Repository.Root, Images, "operations.png");
        Assert.NotEmpty(await page.ScreenshotAsync(new PageScreenshotOptions { Path = path }));
    }

    private static async Task<IPage> OpenAsync(Device device)
    {
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/ops"); // without the slash, as people type it
        await Expect(page.Locator("#nodes tr").First).ToBeVisibleAsync();
        return page;
    }

    private async Task WriteAsync(TimeSpan time)
    {
        string[] groups = ["lobby", "lobby", "lobby", "support", "support", "news", "random", "team-red"];
        var clients = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Cluster.Edge.ConnectAsync($"/chat/group/{groups[i % groups.Length]}/user{i}?format=json")));
        var began = TimeProvider.System.GetTimestamp();
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var turn = 0; TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < time; turn++)
        {
            await turns.WaitForNextTickAsync();
            if (turn % 100 < 60 + (int)(30 * Math.Sin(elapsed.TotalSeconds / 4))) // so that the chart shows a curve
            {
                await clients[turn % clients.Length].SendJsonAsync(new { Msg = $"{turn}", MsgId = $"picture-{turn}" });
            }
        }

        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }
}
