using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Direct messages between hub users, and between hub users and users of the raw endpoints.</summary>
public sealed class DirectTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private readonly string _anna = $"anna-{Guid.NewGuid():N}"[..16];
    private readonly string _ben = $"ben-{Guid.NewGuid():N}"[..16];

    [Fact]
    public async Task Send_ReachesEveryConnectionOfTheUser_HubAndRaw()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var phone = await ConnectAsync(_ben);
        await using var poll = await ConnectAsync(_ben, HubTransport.LongPolling);
        await using var json = await Cluster.ConnectAsync($"/chat/user/{_ben}?format=json");
        await using var text = await Cluster.ConnectAsync($"/chat/channel/{_ben}");
        await using var third = await ConnectAsync($"{_ben}-2");

        var sent = await anna.SendAsync(_ben, "Hi Ben", "d-1");
        Assert.Equal(sent, await anna.SendAsync(_ben, "Hi Ben", "d-1"));
        var next = await anna.SendAsync(_ben, "and again");

        Assert.Equal(sent.Offset + 1, next.Offset);
        foreach (var device in (HubClient[])[phone, poll])
        {
            var direct = await device.NextAsync("direct");
            Assert.Equal(
                (_ben, _anna, "Hi Ben", "d-1", sent.Epoch, sent.Offset),
                (direct.To, direct.Nick, direct.Message, direct.Id, direct.Epoch, direct.Offset));
            Assert.Equal("and again", (await device.NextAsync("direct")).Message);
        }

        var frame = await json.NextFrameAsync("message");
        Assert.Equal(($"user:{_ben}", _anna, "Hi Ben", "d-1", sent.Offset), (frame.Topic, frame.From, frame.Msg, frame.Id, frame.Offset));
        Assert.Equal($"user {_anna} send:Hi Ben", await text.NextAsync());
        await anna.SendAsync($"{_ben}-2", "fence");
        Assert.Equal("fence", (await third.NextAsync("direct")).Message);
    }

    [Fact]
    public async Task RawUser_ReachesHubUsers()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var raw = await Cluster.ConnectAsync($"/chat/user/{_ben}?format=json");

        await raw.SendJsonAsync(new { Id = _anna, Msg = "Hi Anna", MsgId = "r-1" });

        var ack = await raw.NextFrameAsync("ack");
        var direct = await anna.NextAsync("direct");
        Assert.Equal(
            (_anna, _ben, "Hi Anna", "r-1", ack.Epoch, ack.Offset),
            (direct.To, direct.Nick, direct.Message, direct.Id, direct.Epoch, direct.Offset));
    }

    [Fact]
    public async Task Send_ToOneself_ReachesOnesOwnDevices()
    {
        await using var phone = await ConnectAsync(_anna);
        await using var tablet = await ConnectAsync(_anna);

        await phone.SendAsync(_anna, "note to self");

        Assert.Equal("note to self", (await tablet.NextAsync("direct")).Message);
    }

    private Task<HubDotNetClient> ConnectAsync(string nick, HubTransport transport = HubTransport.WebSockets) =>
        HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport);
}
