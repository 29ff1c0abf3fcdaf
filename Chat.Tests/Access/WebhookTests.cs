using Chat.Tests.Auth;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>Two nodes that ask a webhook. Each test sets its answers.</summary>
public sealed class WebhookCluster : IAsyncLifetime
{
    private TestWebhook? _webhook;
    private NodeCluster? _cluster;
    private RedisBackplaneNode? _node;

    internal TestWebhook Webhook => _webhook!;

    internal NodeCluster Cluster => _cluster!;

    internal RedisBackplaneNode Node => _node!;

    public async Task InitializeAsync()
    {
        _webhook = await TestWebhook.StartAsync();
        _cluster = await NodeCluster.StartAsync(
            nodes: 2,
            persists: false,
            [
                .. Unlimited.Sending,
                ("Auth:SecurityKey", TestToken.Key),
                ("Chat:Access:Url", _webhook.Url),
                ("Chat:Access:Secret", TestWebhook.Secret),
                ("Chat:Access:Timeout", "00:00:01.5"),
                ("Chat:Access:Rules:0:Topics", "group:listed-*"),
                ("Chat:Access:Rules:0:Post", "nobody"),
            ]);
        _node = await RedisBackplaneNode.StartAsync(_cluster.Redis.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable? one in new IAsyncDisposable?[] { _node, _cluster, _webhook })
        {
            await (one?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}

/// <summary>The webhook's answers, on the raw endpoints and the hub; and answers that are missing, late or rubbish.</summary>
public sealed class WebhookTests : IClassFixture<WebhookCluster>, IDisposable
{
    private readonly WebhookCluster _fixture;
    private readonly ITestOutputHelper _output;
    private readonly string _anna = $"anna-{Guid.NewGuid():N}";
    private readonly string _ben = $"ben-{Guid.NewGuid():N}";
    private readonly string _group = $"chess-{Guid.NewGuid():N}";

    public WebhookTests(WebhookCluster fixture, ITestOutputHelper output)
    {
        (_fixture, _output) = (fixture, output);
        (Webhook.Instead, Webhook.Allow, Webhook.MaxAge) = (null, static _ => """["*","connect"]""", 60);
    }

    private TestWebhook Webhook => _fixture.Webhook;

    private string Topic => "group:" + _group;

    public void Dispose() => _output.WriteLine(_fixture.Cluster.Log());

    [Fact]
    public async Task Webhook_IsAskedOncePerUserAndTopic_AndDecidesAtBothDoors()
    {
        Webhook.Allow = asked => asked.Topic == Topic && asked.User == _anna ? """["join","unknown"]""" : """["*","connect"]""";
        await using var text = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}");
        await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        await using var hub = await HubAsync(0, _anna);
        await hub.JoinAsync(_group);
        await text.SendAsync("x");
        Assert.Equal("error: You may not do that there.", await text.NextAsync());
        await json.SendAsync("""{"Msg":"x","MsgId":"m"}""");
        Assert.Equal(("forbidden", Topic), await json.NextFrameAsync("error") is var error ? (error.Code, error.Topic) : default);
        await AssertForbiddenAsync(() => hub.PostAsync(_group, "x"));
        await AssertForbiddenAsync(() => hub.HistoryAsync(_group));
        Assert.Equal((1, 1), (Webhook.Count(_anna, Topic), Webhook.Count(_anna, null)));

        // The other node asks by itself.
        await using var ben = await HubAsync(1, _ben);
        await ben.JoinAsync(_group);
        await ben.PostAsync(_group, "hello");
        Assert.Equal("hello", (await hub.NextAsync("message")).Message);
        Assert.Equal("hello", (await json.NextFrameAsync("message")).Msg);
        var questions = Webhook.Questions.Where(asked => asked.Topic == Topic).ToList();
        Assert.Equal([_anna, _ben], questions.Select(asked => asked.User));
        Assert.All(questions, asked => Assert.Equal(["join", "post", "presence", "history"], asked.Want));
        Assert.Equal(["connect"], Webhook.Questions.First(asked => asked.User == _ben && asked.Topic is null).Want);
        Assert.NotEqual(questions[0].Node, questions[1].Node);
    }

    [Fact]
    public async Task Webhook_ThatWantsNobodyConnected_IsObeyedAtBothDoors()
    {
        Webhook.Allow = static asked => asked.Topic is null ? "[]" : """["*"]""";
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/user/{_anna}"))).Status);
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => HubAsync(0, _anna))).Status);
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => HubAsync(0, _anna, HubTransport.LongPolling))).Status);
    }

    [Fact]
    public async Task FirstMessageToAUser_WaitsForItsAnswer_AndKeepsItsOrder()
    {
        Webhook.Instead = static async (http, asked) =>
        {
            await Task.Yield();
            await http.Response.WriteAsync(asked.Topic?.Contains("ben", StringComparison.Ordinal) == true ? """{"allow":["post"]}""" : asked.Topic is null ? """{"allow":["connect"]}""" : """{"allow":["join"]}""");
        };
        await using var ben = await ConnectAsync(1, $"/chat/user/{_ben}?format=json");
        await using var anna = await ConnectAsync(0, $"/chat/user/{_anna}?format=json");
        for (var i = 0; i < 20; i++)
        {
            await anna.SendAsync($$"""{"Id":"{{(i % 5 == 4 ? "carl" : _ben)}}","Msg":"{{i}}","MsgId":"m{{i}}"}""");
        }

        Assert.Equal(
            Enumerable.Range(0, 20).Where(i => i % 5 != 4).Select(i => $"{i}"),
            (await ben.UntilAsync(text => text.Contains("\"msg\":\"18\"", StringComparison.Ordinal))).Select(ChatFrame.Parse).Where(frame => frame.Type == "message").Select(frame => frame.Msg!));
        Assert.Equal("m4", (await anna.NextFrameAsync("error")).Id);
        Assert.Equal(["post"], Assert.Single(Webhook.Questions, asked => asked.Topic == "user:" + _ben).Want);
        Assert.Equal(0, Webhook.Count(_anna, "user:" + _anna)); // the webhook is not asked about a user's own topic
    }

    [Fact]
    public async Task Answer_ThatExpires_IsRenewed_AndItsRightEnds()
    {
        Webhook.MaxAge = 1;
        await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await hub.JoinAsync(_group);
        await Eventually.TrueAsync(() => Webhook.Questions.Count(asked => asked.User == _anna && asked.Topic == Topic) >= 6); // both nodes
        Assert.False(json.Ended.IsCompleted);

        Webhook.Allow = asked => asked.Topic == Topic ? "[]" : """["*","connect"]""";
        Assert.Equal(4403, (await json.ClosedAsync()).Code);
        Assert.Equal(_group, (await hub.NextAsync("forbidden")).Group);
        await AssertForbiddenAsync(() => hub.JoinAsync(_group));

        Webhook.Allow = static asked => asked.Topic is null ? "[]" : """["*"]""";
        Assert.Matches("forbidden|4403", await hub.ClosedAsync());
    }

    [Fact]
    public async Task AskAgain_MakesEveryNodeAskAnew_BeforeAnAnswerExpires()
    {
        await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await hub.JoinAsync(_group);
        await hub.SendAsync(_ben, "allowed");

        Webhook.Allow = asked => asked.Topic is null ? """["connect"]""" : "[]";
        await AskAgainAsync();

        Assert.Equal(4403, (await json.ClosedAsync()).Code);
        await hub.NextWhereAsync(next => next.Name == "forbidden" && next.Group == _group);
        await AssertForbiddenAsync(() => hub.SendAsync(_ben, "not any more"));
    }

    /// <summary>Once, what a channel might write to all that was not in it was asked when it connected, and never again.</summary>
    [Fact]
    public async Task AskAgain_AboutAChannelThatIsNotInAll_HoldsForWhatItWritesThere()
    {
        Webhook.Allow = static asked => asked.Topic == "all" ? """["post"]""" : """["*","connect"]""";
        await using var channel = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json");
        Assert.Equal("all", (await channel.NextFrameAsync("error")).Topic);
        await channel.SendAsync("""{"Method":"x","MsgBody":"hello","MsgId":"m"}""");
        await channel.NextFrameAsync("ack");

        Webhook.Allow = static asked => asked.Topic is null ? """["connect"]""" : "[]";
        await AskAgainAsync();

        await Eventually.TrueAsync(async () =>
        {
            await channel.SendAsync("""{"Method":"x","MsgBody":"hello","MsgId":"m"}""");
            var answer = await channel.NextFrameAsync();
            return (answer.Type, answer.Code, answer.Topic) == ("error", "forbidden", "all");
        });
    }

    /// <summary>Once, only nodes on which the user was connected forgot their answers. On all others a changed answer counted to the end of its time.</summary>
    [Fact]
    public async Task AskAgain_AboutAUserWhoIsNotConnected_HoldsWhenTheyComeBack()
    {
        Webhook.Allow = asked => asked.Topic is null ? """["connect"]""" : "[]";
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/group/{_group}/{_anna}"))).Status);
        Webhook.Allow = static asked => asked.Topic is null ? """["connect"]""" : """["*"]""";
        await AskAgainAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}");
                return true;
            }
            catch (RefusedException)
            {
                return false;
            }
        });
    }

    /// <summary>The answer to the older question once came last, and counted.</summary>
    [Fact]
    public async Task AskAgain_WhileAUserConnects_OutdatesTheQuestionUnderWay()
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Webhook.Instead = async (http, asked) =>
        {
            var isFirst = asked.Id == Webhook.Questions.First(one => one.User == _anna).Id;
            await (isFirst ? answered.Task : Task.CompletedTask);
            http.Response.OnCompleted(() =>
            {
                answered.TrySetResult();
                return Task.CompletedTask;
            });
            await http.Response.WriteAsync(isFirst ? """{"allow":["connect"]}""" : """{"allow":[]}""");
        };
        var connecting = ConnectAsync(0, $"/chat/user/{_anna}");
        await Eventually.TrueAsync(() => Webhook.Count(_anna, null) > 0);
        await AskAgainAsync();
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => connecting)).Status);
    }

    [Fact]
    public async Task Webhook_ThatSaysNothingOfATopic_LeavesItToTheSettings()
    {
        Webhook.Instead = static (http, _) => http.Response.WriteAsync("""{"maxAge":60}""");
        await using var hub = await HubAsync(0, _anna);
        await hub.JoinAsync("listed-" + _group);
        await AssertForbiddenAsync(() => hub.PostAsync("listed-" + _group, "x"));
        await hub.PostAsync(_group, "x");
    }

    [Fact]
    public async Task Token_IsBeforeTheWebhook()
    {
        var claims = TestToken.Claims(_anna, DateTimeOffset.UtcNow.AddHours(1));
        claims["chat"] = new System.Text.Json.Nodes.JsonObject { [Topic] = new System.Text.Json.Nodes.JsonArray("join") };
        Webhook.Allow = static asked => asked.Topic is null ? """["connect"]""" : "[]";
        await using var json = await ChatClient.ConnectAsync(_fixture.Cluster.Nodes[0].Address, $"/chat/group/{_group}/{_anna}?format=json", TestToken.Hmac(claims));
        Assert.Equal(0, Webhook.Count(_anna, Topic));
    }

    public static TheoryData<string> Rubbish() => ["", "no JSON", "[]", "{\"allow\":\"join\"}", "{\"allow\":[7]}", "{\"allow\":[\"join\"],\"maxAge\":-1}", "{\"allow\":[\"\\ud800\"]}", "{\"allow\":[],\"allow\":[\"*\"]}", "{\"allow\":[\"*\"],\"Allow\":[]}", "huge", "500", "redirect", "late", "drip", "cut"];

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task Webhook_ThatDoesNotAnswer_MeansNo_AndHoldsNobodyElseUp(string what)
    {
        Webhook.Instead = (http, asked) => asked.Topic == Topic ? AnswerBadlyAsync(http, what)
            : http.Response.WriteAsync("""{"allow":["*","connect"]}""");

        Assert.Equal(503, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/group/{_group}/{_anna}"))).Status);
        Assert.DoesNotContain(Webhook.Questions, asked => asked.Path != "/access"); // no redirect was followed

        await using var other = await HubAsync(0, _ben);
        var slow = AssertRefusedAsync("unavailable: ", () => other.JoinAsync(_group));
        await using var quick = await ConnectAsync(0, $"/chat/group/other-{_group}/{_ben}?format=json");
        await quick.SendAsync("""{"Msg":"x","MsgId":"m"}""");
        await quick.NextFrameAsync("ack");
        await slow;
    }

    /// <summary>This was once taken for no answer, and the user was let in wherever the settings decide then.</summary>
    [Theory]
    [InlineData("huge")]
    [InlineData("drip")]
    public async Task Webhook_ThatSaysForbidden_IsUnderstood_WhateverPageComesWithIt(string page)
    {
        Webhook.Instead = (http, asked) =>
        {
            http.Response.StatusCode = asked.Topic == Topic ? 403 : 200;
            return asked.Topic == Topic ? AnswerBadlyAsync(http, page) : http.Response.WriteAsync("""{"allow":["*","connect"]}""");
        };

        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(0, $"/chat/group/{_group}/{_anna}"))).Status);
        Assert.Equal(1, Webhook.Count(_anna, Topic)); // after no answer it would be asked once more
    }

    [Fact]
    public async Task Question_ThatFailsOnce_IsAskedOnceMore_WithTheSameId()
    {
        var failed = 0;
        Webhook.Instead = (http, asked) =>
        {
            if (asked.Topic == Topic && Interlocked.Exchange(ref failed, 1) == 0)
            {
                http.Response.StatusCode = 503;
                return Task.CompletedTask;
            }

            return http.Response.WriteAsync("""{"allow":["*","connect"]}""");
        };
        await using var json = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        var asked = Webhook.Questions.Where(asked => asked.Topic == Topic).ToList();
        Assert.Equal((2, asked[0].Id), (asked.Count, asked[1].Id));
    }

    private static async Task AnswerBadlyAsync(HttpContext http, string what)
    {
        switch (what)
        {
            case "huge":
                await http.Response.WriteAsync($$"""{"allow":["join"],"x":"{{new string('x', 20_000)}}"}""");
                break;
            case "500":
                http.Response.StatusCode = 500;
                break;
            case "redirect":
                http.Response.StatusCode = 307;
                http.Response.Headers.Location = "/elsewhere";
                break;
            case "late":
                await TestWebhook.GivenUpAsync(http);
                break;
            case "drip":
                await http.Response.WriteAsync("{");
                await http.Response.Body.FlushAsync();
                await TestWebhook.GivenUpAsync(http);
                break;
            case "cut":
                await http.Response.WriteAsync("""{"allow":["join"]""");
                await http.Response.Body.FlushAsync();
                http.Abort();
                break;
            default:
                await http.Response.WriteAsync(what);
                break;
        }
    }

    private Task AskAgainAsync() =>
        new Chat.Api.Access.Sanctions(_fixture.Node.Sanctions, new Chat.Api.Access.AccessMetrics(NoMeters.Instance)).AskAgainAsync(_anna);

    private Task<ChatClient> ConnectAsync(int node, string path) => _fixture.Cluster.ConnectAsync(node, path);

    private Task<HubDotNetClient> HubAsync(int node, string nick, HubTransport transport = HubTransport.WebSockets) =>
        HubDotNetClient.ConnectAsync(_fixture.Cluster.Nodes[node].Address, nick, transport, new HubClientOptions { Token = () => TestToken.For(nick) });

    private static Task AssertForbiddenAsync<T>(Func<Task<T>> call) => AssertRefusedAsync("forbidden: ", call);

    private static async Task AssertRefusedAsync<T>(string code, Func<Task<T>> call) =>
        Assert.Contains(code, (await Assert.ThrowsAsync<HubException>(call)).Message, StringComparison.Ordinal);
}
