using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Web;

/// <summary>The first steps of the README, on a cluster as <c>dotnet run --project AppHost</c> starts it.</summary>
public sealed class TourTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [ChromiumFact]
    public async Task TwoWindows_ByTheirAddresses_HearEachOther_AndAWebSocketTool()
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge);
        await using var another = await Browser.NewDeviceAsync(Cluster.Edge);
        var anna = await App.OpenAsync(device, "name=anna&group=tour");
        var ben = await App.OpenAsync(another, "name=ben&group=tour");
        await anna.SayAsync("Hi Ben");
        await ben.HearsAsync("Hi Ben");

        await using var cleo = await Cluster.ConnectAsync("/chat/user/cleo");
        await cleo.SendAsync("""{"Id":"ben","Msg":"Hi from websocat"}""");
        await Expect(ben.Entry("cleo").Locator(".badge")).ToHaveTextAsync("1");
        await ben.Entry("cleo").ClickAsync();
        await ben.HearsAsync("Hi from websocat");
        await ben.SayAsync("Hi Cleo");

        Assert.Equal("user ben send:Hi Cleo", await cleo.NextAsync());
        Assert.Empty(device.Problems.Concat(another.Problems));
    }
}
