using Chat.Tests.Hubs;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>The messages of a conversation on the screen: scrolling back, which ones are read, and addresses in them.</summary>
public sealed class LogTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("group")[..12];
    private readonly string _anna = Unique("anna")[..12];
    private readonly string _ben = Unique("ben")[..12];

    // Once 500 messages were shown, further ones were fetched but formerly not shown. A user at the very top could not scroll up any more to see them.
    [ChromiumFact]
    public async Task ScrollingBack_GoesOnBeyondWhatIsShownAtFirst()
    {
        const string Script = """
            async () => {
              const { Conversation } = await import('/app/conversation.js');
              const { Log } = await import('/app/log.js');
              document.getElementById('sign-in').hidden = true;
              document.getElementById('app').hidden = false;
              document.getElementById('conversation').classList.remove('none');
              const conversation = Object.assign(new Conversation('group', 'g'), { isLoaded: true, hasMore: true });
              let next = 2000;
              const fetchPage = () => {
                for (let i = 0; i < 50; i++, next--) {
                  conversation.insert({ from: 'ben', text: `${next}`, id: `${next}`, position: { epoch: 'e', offset: next }, sentAt: new Date(next * 1000) });
                }
              };
              fetchPage();
              const log = new Log({ older: async () => { fetchPage(); log.show(conversation, 'anna'); }, retry() {}, talkTo() {}, read() {}, focus() {} });
              log.show(conversation, 'anna');
              globalThis.oldest = () => `${next + 1}`;
            }
            """;
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");
        await page.EvaluateAsync(Script);

        for (var shown = 100; shown <= 900; shown += 50)
        {
            await page.Locator("#scroll").EvaluateAsync("one => { one.scrollTop = 0; }");

            await Expect(page.Locator(".message")).ToHaveCountAsync(shown);
            await Expect(page.Locator(".message .text").First).ToHaveTextAsync(await page.EvaluateAsync<string>("oldest()"));
        }
    }

    [ChromiumFact]
    public async Task DeletedMessage_GivesWayToANotice_AndIsNotThereAfterwards()
    {
        await using var ben = await Cluster.ConnectAsync(node: 1, _ben);
        await ben.JoinAsync(_group);
        await ben.PostAsync(_group, "before");
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        var said = await ben.PostAsync(_group, "secret");
        await anna.HearsAsync("secret");

        await Cluster.DeleteAsync("group:" + _group, said.Epoch, said.Offset);

        await Expect(anna.Texts).ToHaveTextAsync(["before", "This message was deleted."]);
        await anna.Page.ReloadAsync();
        await ben.PostAsync(_group, "after");
        await Expect(anna.Texts).ToHaveTextAsync(["before", "after"]);
        Assert.Empty(device.Problems);
    }

    [ChromiumFact]
    public async Task HighScreen_ShowsWhatItHasRoomFor_WhereNothingCanBeScrolled()
    {
        await PostAsync(60);
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 800, Height = 4000 } });

        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");

        await Expect(anna.Texts).ToHaveTextAsync(Enumerable.Range(0, 60).Select(i => $"line {i}"));
        await Expect(anna.Page.Locator("#beginning")).ToHaveTextAsync($"This is as far back as the server keeps {_group}.");
        Assert.Empty(device.Problems);
    }

    [ChromiumFact]
    public async Task WhoGoesToTheLatest_HasReadIt()
    {
        await PostAsync(60);
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        await anna.HearsAsync("line 59");
        await anna.Page.Locator("#scroll").EvaluateAsync("one => { one.scrollTop = 0; }");
        await Expect(anna.Page.Locator("#latest")).ToBeVisibleAsync();
        await PostAsync(1);
        await Expect(anna.Entry(_group).Locator(".badge")).ToHaveTextAsync("1");

        await anna.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "1 new message", Exact = true }).ClickAsync();

        await Expect(anna.Entry(_group).Locator(".badge")).ToHaveCountAsync(0);
        Assert.Equal($"{_group} · Chat", await anna.Page.TitleAsync());
    }

    // When a network dies, nothing shows it for half a minute. Once the only sign for users was a small clock.
    [ChromiumFact]
    public async Task WhatIsNotConfirmed_IsSaidInWords_UntilItIs()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");
        await device.Context.SetOfflineAsync(true);

        await anna.SayAsync("hello");

        await Expect(anna.Page.Locator(".message.sending .late")).ToHaveTextAsync("The server has not confirmed it yet. It is being sent again.");
        await device.Context.SetOfflineAsync(false);
        await Expect(anna.Page.Locator(".message.sent")).ToHaveCountAsync(1);
        await Expect(anna.Page.Locator(".late")).ToHaveCountAsync(0);
    }

    [ChromiumFact]
    public async Task Addresses_CanBeFollowed_AndNothingElseBecomesALink()
    {
        const string Text = "See (https://example.com/a?b=c&d#e), HTTP://EXAMPLE.COM. Not javascript:alert(1), http://, https://<b>x</b>, http://[ or file:///etc/passwd";
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var anna = await App.OpenAsync(device, $"name={_anna}&group={_group}");

        await anna.SayAsync(Text);

        await anna.HearsAsync(Text);
        var links = anna.Page.Locator(".message a");
        await Expect(links).ToHaveTextAsync(["https://example.com/a?b=c&d#e", "HTTP://EXAMPLE.COM"]);
        await Expect(links.First).ToHaveAttributeAsync("href", "https://example.com/a?b=c&d#e");
        await Expect(links.First).ToHaveAttributeAsync("rel", "noopener noreferrer");
        await Expect(links.First).ToHaveAttributeAsync("target", "_blank");
    }

    [ChromiumFact]
    public async Task LongNames_StayOnTheScreen()
    {
        var name = new string('x', 128);
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 360, Height = 640 } });
        var anna = await App.OpenAsync(device, $"name={name}&group={name}");

        await anna.SayAsync("hello");

        await anna.HearsAsync("hello");
        await Expect(anna.Page.Locator("#beginning")).ToContainTextAsync(name);
        Assert.Equal(await anna.Page.Locator("#scroll").EvaluateAsync<int>("one => one.clientWidth"), await anna.Page.Locator("#scroll").EvaluateAsync<int>("one => one.scrollWidth"));
    }

    private async Task PostAsync(int count)
    {
        await using var device = await Cluster.ConnectAsync(0, _ben);
        for (var i = 0; i < count; i++)
        {
            await device.PostAsync(_group, $"line {i}");
        }
    }
}
