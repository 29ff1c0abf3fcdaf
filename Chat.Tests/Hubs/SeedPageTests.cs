using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Chat.Tests.Web;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Hubs;

/// <summary>A page with the logic of the seed's own client in a real browser, served from another origin than the edge's.</summary>
public sealed class SeedPageTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("42");

    [NodeJsFact(NeedsChromium = true)]
    public async Task SeedPage_PostsJoinsLeavesAndMirrors_AsAgainstItsOwnServer()
    {
        await using var server = await PageServer.StartAsync(Cluster.PageOrigin);
        await using var desk = await OpenAsync("anna");
        await using var lap = await OpenAsync("anna");
        await using var ben = await OpenAsync("ben");
        await OnSeveralNodesAsync();

        await CallAsync(ben, "join", _group);
        await CallAsync(desk, "join", _group);
        await ShowsAsync(ben, $"{_group} + anna");
        await CallAsync(lap, "join", _group);
        await ShowsAsync(desk, $"{_group} + anna");

        await CallAsync(ben, "post", _group, "Hi <b>Anna</b>");
        foreach (var page in (Device[])[desk, lap, ben])
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
        foreach (var page in (Device[])[desk, lap])
        {
            await ShowsAsync(page, $"first ben: {_group}");
            var text = await PageOf(page).InnerTextAsync("body");
            Assert.DoesNotContain("anyone?", text, StringComparison.Ordinal);
            Assert.DoesNotContain("failed", text, StringComparison.Ordinal);
        }

        Assert.All((Device[])[desk, lap, ben], page => Assert.Empty(page.Problems));
    }

    [NodeJsFact(NeedsChromium = true)]
    public async Task SeedPage_OfAnOriginThatIsNotAllowed_IsRefused()
    {
        var elsewhere = new UriBuilder(Cluster.PageOrigin) { Port = TestPort.FindFree() }.Uri;
        await using var server = await PageServer.StartAsync(elsewhere);
        await using var device = await Browser.NewDeviceAsync(elsewhere);

        await (await device.Context.NewPageAsync()).GotoAsync(Address(elsewhere, "anna").ToString());

        await Expect(PageOf(device).Locator("#log")).ToContainTextAsync("not connected");
        Assert.NotEmpty(device.Problems);
    }

    private static async Task CallAsync(Device page, string function, params string[] arguments)
    {
        await PageOf(page).EvaluateAsync($"{function}({string.Join(',', arguments.Select(one => JsonSerializer.Serialize(one)))})");
        await ShowsAsync(page, $"{function} {arguments[0]} done");
    }

    private static Task ShowsAsync(Device page, string line) =>
        Expect(PageOf(page).Locator("li").Filter(new LocatorFilterOptions { HasTextRegex = new Regex($"^{Regex.Escape(line)}$") }).First).ToBeAttachedAsync();

    private static IPage PageOf(Device device) => device.Context.Pages[0];

    private Uri Address(Uri origin, string nick) =>
        new(origin, $"/seed-page.html#edge={Cluster.Edge.Address.GetLeftPart(UriPartial.Authority)}&nick={nick}");

    // Each page has its own cookies, since pages that share the affinity cookie share the node.
    private async Task<Device> OpenAsync(string nick)
    {
        var device = await Browser.NewDeviceAsync(Cluster.PageOrigin);
        await (await device.Context.NewPageAsync()).GotoAsync(Address(Cluster.PageOrigin, nick).ToString());
        await ShowsAsync(device, "connected");
        return device;
    }

    private Task OnSeveralNodesAsync() => Eventually.TrueAsync(async () =>
        (await Cluster.Nodes.Nodes[0].ListAsync()).Count(node => node.Connections > 0) > 1);
}
