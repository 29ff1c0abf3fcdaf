using Chat.Tests.Auth;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>A webhook that does not answer for a while. That is no reason to tell anybody no.</summary>
public sealed class WebhookAwayTests(WebhookCluster fixture, ITestOutputHelper output) : IClassFixture<WebhookCluster>, IDisposable
{
    private readonly string _anna = $"anna-{Guid.NewGuid():N}";
    private readonly string _ben = $"ben-{Guid.NewGuid():N}";
    private readonly string _group = $"chess-{Guid.NewGuid():N}";

    private TestWebhook Webhook => fixture.Webhook;

    private string Topic => "group:" + _group;

    public void Dispose()
    {
        (Webhook.Instead, Webhook.MaxAge) = (null, 60);
        output.WriteLine(fixture.Cluster.Log());
    }

    /// <summary>The answer was once 403 and 4403, after which clients do not come again. A restart of a backend kept everybody out for good who came
    /// during it.</summary>
    [Fact]
    public async Task Webhook_ThatIsAway_MeansNotNow_AtBothDoors()
    {
        Webhook.MaxAge = 1;
        await using var json = await ConnectAsync(0, $"/chat/user/{_anna}?format=json");
        Webhook.Instead = static (http, _) =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        Assert.Equal(503, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/user/{_ben}"))).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<RefusedException>(() => HubAsync(0, _ben))).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<RefusedException>(() => HubAsync(0, _ben, HubTransport.LongPolling))).Status);
        Assert.Equal(1013, (await json.ClosedAsync()).Code);

        (Webhook.Instead, Webhook.MaxAge) = (null, 60);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var back = await ConnectAsync(0, $"/chat/user/{_anna}");
                return true;
            }
            catch (RefusedException refused)
            {
                Assert.Equal(503, refused.Status); // even an answer that did not come is remembered for a moment
                return false;
            }
        });
    }

    /// <summary>The answer was once <c>forbidden</c> and 4403: topics that nobody had forbidden were lost for good.</summary>
    [Fact]
    public async Task Webhook_ThatDoesNotAnswerAboutATopic_MeansNotNow_InOpenConnections()
    {
        var isAway = false;
        Webhook.Instead = (http, asked) =>
        {
            http.Response.StatusCode = asked.Topic is not null && Volatile.Read(ref isAway) ? 500 : 200;
            return http.Response.WriteAsync($$"""{"allow":["*","connect"],"maxAge":{{(asked.Topic is null ? 60 : 1)}}}""");
        };
        await using var inGroup = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        await using var writer = await ConnectAsync(0, $"/chat/user/{_ben}?format=json");
        await using var text = await ConnectAsync(0, $"/chat/group/{_group}/text-{_ben}");
        await using var hub = await HubAsync(0, _ben);
        Volatile.Write(ref isAway, true);

        var lost = await inGroup.NextFrameAsync("error");
        Assert.Equal(("unavailable", true, Topic), (lost.Code, lost.Retry, lost.Topic));
        Assert.Equal(1013, (await inGroup.ClosedAsync()).Code);
        Assert.Equal(1013, (await text.ClosedAsync()).Code);

        await writer.SendAsync($$"""{"Id":"{{_anna}}","Msg":"x","MsgId":"m"}""");
        var refused = await writer.NextFrameAsync("error");
        Assert.Equal(("unavailable", true, "user:" + _anna, "m"), (refused.Code, refused.Retry, refused.Topic, refused.Id));
        Assert.Contains("unavailable: ", (await Assert.ThrowsAsync<HubException>(() => hub.JoinAsync(_group))).Message, StringComparison.Ordinal);
    }

    /// <summary>A channel that lost the topic all in this way, or came during it, was once without it to its end, and everything it wrote there was
    /// answered with <c>unavailable</c>.</summary>
    [Fact]
    public async Task Webhook_ThatDoesNotAnswerAboutAll_MeansNotNow_ForAChannel()
    {
        var isAway = false;
        Webhook.Instead = (http, asked) =>
        {
            http.Response.StatusCode = asked.Topic == "all" && Volatile.Read(ref isAway) ? 500 : 200;
            return http.Response.WriteAsync($$"""{"allow":["*","connect"],"maxAge":{{(asked.Topic == "all" ? 1 : 60)}}}""");
        };
        await using var json = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json");
        await using var text = await ConnectAsync(0, $"/chat/channel/{_ben}");
        Volatile.Write(ref isAway, true);

        var lost = await json.NextFrameAsync("error");
        Assert.Equal(("unavailable", true, "all"), (lost.Code, lost.Retry, lost.Topic));
        Assert.Equal(1013, (await json.ClosedAsync()).Code);
        Assert.Equal(1013, (await text.ClosedAsync()).Code);
        Assert.Equal(503, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/channel/{_anna}"))).Status);
    }

    [Fact]
    public async Task Webhook_ThatIsAwayForAMoment_CostsNobodyAnything()
    {
        Webhook.MaxAge = 4;
        await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        var away = 0;
        Webhook.Instead = (http, asked) =>
        {
            Interlocked.Increment(ref away);
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await Eventually.TrueAsync(() => Volatile.Read(ref away) > 0);
        (Webhook.Instead, Webhook.MaxAge) = (null, 60);
        var before = Webhook.Count(_anna, Topic);
        await Eventually.TrueAsync(() => Webhook.Count(_anna, Topic) > before);
        await json.SendAsync("""{"Msg":"still here","MsgId":"m"}""");
        await json.NextFrameAsync("ack");
    }

    private Task<ChatClient> ConnectAsync(int node, string path) => fixture.Cluster.ConnectAsync(node, path);

    private Task<HubDotNetClient> HubAsync(int node, string nick, HubTransport transport = HubTransport.WebSockets) =>
        HubDotNetClient.ConnectAsync(fixture.Cluster.Nodes[node].Address, nick, transport, new HubClientOptions { Token = () => TestToken.For(nick) });
}
