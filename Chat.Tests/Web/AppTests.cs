using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>The application as people use it, in a real browser.</summary>
public sealed class AppTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("group")[..12];
    private readonly string _anna = Unique("anna")[..12];
    private readonly string _ben = Unique("ben")[..12];

    [ChromiumFact]
    public async Task TwoPeople_OnTwoNodes_HearEachOther_SeeWhoIsThereAndWhoTypes()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var ben = await OpenElsewhereAsync(another, _ben, await anna.NodeAsync());

        await Expect(anna.Page.Locator("#members-list .name")).ToHaveTextAsync([_anna, _ben]);
        await Eventually.TrueAsync(async () =>
        {
            await ben.Field.PressSequentiallyAsync("H"); // typing is told for a moment only and may get lost
            return await anna.Page.Locator("#typing").TextContentAsync() == $"{_ben} is typing …";
        });
        await anna.SayAsync("Hello");
        await ben.HearsAsync("Hello");
        await ben.SayAsync("Hello yourself");
        await anna.HearsAsync("Hello yourself");
        await Expect(ben.Page.Locator(".message.sent")).ToHaveCountAsync(2);

        Assert.Empty(device.Problems.Concat(another.Problems));
    }

    [ChromiumFact]
    public async Task HostileText_IsText()
    {
        const string Hostile = "<img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>\n\u202e[x](javascript:1) &amp;";
        var name = $"<b>{_ben}</b>"[..12];
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var ben = await App.OpenAsync(another, $"name={Uri.EscapeDataString(name)}&group={_group}");

        await ben.SayAsync(Hostile);

        await Expect(anna.Texts).ToHaveTextAsync([Hostile], new LocatorAssertionsToHaveTextOptions { UseInnerText = false });
        await Expect(anna.Page.Locator(".message .from")).ToHaveTextAsync(name);
        await Expect(anna.Page.Locator(".message").Locator("img, script, a")).ToHaveCountAsync(0);
        Assert.Equal($"{_group} · Chat", await anna.Page.TitleAsync());
        Assert.Empty(device.Problems.Concat(another.Problems));
    }

    [ChromiumFact]
    public async Task Leaving_InOneTab_LeavesInTheOther_AndOnAnotherDevice()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var here = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        App[] others = [await App.OpenAsync(device, $"name={_anna}&group=first"), await App.OpenAsync(another, $"name={_anna}&group={_group}")];
        foreach (var other in others)
        {
            await Expect(other.Entry(_group)).ToBeVisibleAsync();
        }

        await here.Page.BringToFrontAsync();
        await here.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Leave" }).ClickAsync();

        foreach (var other in others)
        {
            await Expect(other.Entry(_group)).ToHaveCountAsync(0);
            await Expect(other.Title).ToHaveTextAsync("first");
        }

        await Expect(here.Entry(_group)).ToHaveCountAsync(0);
    }

    // The second click left the conversation that was shown after the first one.
    [ChromiumFact]
    public async Task Leaving_ByADoubleClick_LeavesOneGroup()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");

        await anna.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Leave" }).DblClickAsync(new LocatorDblClickOptions { Delay = 60 });

        await Expect(anna.Entry(_group)).ToHaveCountAsync(0);
        await Expect(anna.Title).ToHaveTextAsync("first");
        await anna.SayAsync($"from {_anna}");
        await anna.HearsAsync($"from {_anna}");
        await Expect(anna.Title).ToHaveTextAsync("first");
    }

    // It is the name of something that every object in JavaScript has, and so was taken for a person whom one talks to already.
    [ChromiumFact]
    public async Task PersonWithTheNameOfAPartOfTheLanguage_IsKept()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await App.OpenAsync(device, $"name={_anna}&user=constructor");

        var other = await App.OpenAsync(device, $"name={_anna}&group=first");

        await Expect(other.Entry("constructor")).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task NodeKilled_WhileTyping_LosesNothingAndDoublesNothing()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var ben = await OpenElsewhereAsync(another, _ben, await anna.NodeAsync());
        await ben.SayAsync("before");
        await anna.HearsAsync("before");
        await anna.Field.PressSequentiallyAsync("half a ");
        var (node, said) = (await anna.NodeAsync(), new List<string> { "before" });

        await using var dead = Cluster.Nodes.Take(Cluster.Nodes.Nodes.ToList().FindIndex(one => one.Id == node));
        var killing = KillAsync(dead);
        try
        {
            for (var i = 0; i < 10; i++)
            {
                said.Add($"meanwhile {i}");
                await ben.SayAsync(said[^1]);
            }

            await anna.Field.PressSequentiallyAsync("sentence");
            await anna.Field.PressAsync("Enter");
            await anna.BackAsync(node);
            await ben.HearsAsync("half a sentence");
            await ben.SayAsync("after");

            await anna.HearsAsync("after");
            var heard = await anna.Texts.AllTextContentsAsync();
            await Expect(ben.Texts).ToHaveTextAsync(heard);
            Assert.Equal([.. said, "after"], heard.Where(text => text != "half a sentence"));
            Assert.Single(heard, "half a sentence");
        }
        finally
        {
            await killing;
        }
    }

    [ChromiumFact]
    public async Task Reload_KeepsWhatWasSaid_InGroupsAndDirectly_AndWhatIsUnread()
    {
        await using (var earlier = await Cluster.ConnectAsync(0, _ben))
        {
            for (var i = 0; i < 60; i++)
            {
                await earlier.PostAsync(_group, $"line {i}");
            }
        }

        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var ben = await App.OpenAsync(another, $"name={_ben}&group={_group}");
        await anna.HearsAsync("line 59");
        await anna.Page.Locator("#scroll").EvaluateAsync("one => { one.scrollTop = 0; }");
        await anna.HearsAsync("line 0"); // from now on the name stays where it is
        await anna.Page.Locator(".from").ClickAsync();
        await Expect(anna.Title).ToHaveTextAsync(_ben);
        await anna.SayAsync("between us");
        await Expect(ben.Entry(_anna).Locator(".badge")).ToHaveTextAsync("1");
        await ben.SayAsync("unread by anna");
        await Expect(anna.Entry(_group).Locator(".badge")).ToHaveTextAsync("1");
        await ben.Entry(_anna).ClickAsync();
        await ben.SayAsync("yes?");
        await anna.HearsAsync("yes?");

        await anna.Page.ReloadAsync();

        await Expect(anna.Texts).ToHaveTextAsync(["between us", "yes?"]);
        await Expect(anna.Entry(_group).Locator(".badge")).ToHaveTextAsync("1");
        await anna.Entry(_group).ClickAsync();
        await anna.HearsAsync("unread by anna");
        await Expect(anna.Entry(_group).Locator(".badge")).ToHaveCountAsync(0);
        await Expect(anna.Texts).ToHaveCountAsync(50);
        await anna.Page.Locator("#scroll").EvaluateAsync("one => { one.scrollTop = 0; }");
        await Expect(anna.Texts).ToHaveTextAsync([.. Enumerable.Range(0, 60).Select(i => $"line {i}"), "unread by anna"]);
        Assert.Empty(device.Problems.Concat(another.Problems));
    }

    [ChromiumFact]
    public async Task CutOff_SaysSo_AndCatchesUpInBothDirections()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var ben = await App.OpenAsync(another, $"name={_ben}&group={_group}");

        await device.Context.SetOfflineAsync(true);
        await Expect(anna.Banner).ToContainTextAsync("You are offline.");
        await ben.SayAsync("missed");
        await ben.HearsAsync("missed");
        await anna.SayAsync("written offline");
        await Expect(anna.Page.Locator(".message.sending")).ToHaveCountAsync(1);
        await device.Context.SetOfflineAsync(false);

        await Expect(anna.Page.Locator(".toast")).ToHaveTextAsync("Back online. You have missed nothing.");
        await Expect(anna.Texts).ToHaveTextAsync(["missed", "written offline"]);
        await Expect(ben.Texts).ToHaveTextAsync(["missed", "written offline"]);
        await Expect(anna.Page.Locator(".message.sending")).ToHaveCountAsync(0);
    }

    private async Task KillAsync(NodeProcess node)
    {
        await node.KillAsync();
        await Cluster.AddNodeAsync(); // for the tests after this one, whatever its result
    }

    // The edge sends new connections to the node with the fewest, so the more are open, the sooner one gets to another node.
    private async Task<App> OpenElsewhereAsync(Device device, string user, string otherThan)
    {
        var opened = new List<App>();
        while (opened.Count < 10)
        {
            var app = await App.OpenAsync(device, $"name={user}&group={_group}");
            if (await app.NodeAsync() != otherThan)
            {
                await Task.WhenAll(opened.Select(one => one.Page.CloseAsync()));
                return app;
            }

            opened.Add(app);
        }

        throw new InvalidOperationException($"Ten in a row came to node {otherThan}.");
    }
}
