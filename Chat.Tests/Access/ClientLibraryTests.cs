using Chat.Client;
using Chat.Tests.Auth;
using Chat.Tests.ClientLibrary;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;
using Topic = Chat.Api.Messages.Topic;

namespace Chat.Tests.Access;

/// <summary>What the .NET client library makes of rights and bans.</summary>
public sealed class ClientLibraryTests(AccessCluster fixture, ITestOutputHelper output) : AccessTest(fixture, output)
{
    [Fact]
    public async Task Token_OfTheLibrary_SaysWhatItsUserMayDo()
    {
        var (user, team, news) = (Unique("anna"), "team-" + Unique("a"), "bulletin-" + Unique("b"));
        var token = ChatToken.Make(
            TestToken.Key, user, TimeSpan.FromHours(1),
            new Dictionary<string, ChatRights> { ["group:team-*"] = ChatRights.All, ["group:bulletin-*"] = ChatRights.Join, ["*"] = ChatRights.None });
        await using var anna = await Listener.ConnectAsync(new ChatClientOptions { Server = Cluster.Nodes[0].Address, Token = _ => ValueTask.FromResult(token) }, user);

        await anna.Chat.JoinAsync(team);
        await anna.Chat.PostAsync(team, "hello");
        await anna.Chat.JoinAsync(news);
        foreach (var forbidden in (Func<Task>[])[() => anna.Chat.PostAsync(news, "x"), () => anna.Chat.HistoryAsync(news), () => anna.Chat.JoinAsync(Unique("other"))])
        {
            Assert.Equal(("forbidden", null), await Assert.ThrowsAsync<ChatException>(forbidden) is var refused ? (refused.Code, refused.Until) : default);
        }
    }

    // Once the client took itself for put out of the group, where it may be, and the second time even was. The JavaScript library has the same test
    // (Script/specs.js).
    [Fact]
    public async Task Group_WhoseLogMayNotBeRead_IsTakenUpWithAHole()
    {
        var (user, group) = (Unique("anna"), Unique("past"));
        using var mayConnect = new SemaphoreSlim(1); // each connection takes one permit
        var options = new ChatClientOptions
        {
            Server = Cluster.Nodes[0].Address,
            ConnectTimeout = Listener.Deadline,
            Since = Enumerable.Range(0, 60).ToDictionary(i => $"{i}-{new string('x', 100)}", _ => new ChatPosition("e", 0)), // leave no room for the group in the address
            Token = async cancellation =>
            {
                await mayConnect.WaitAsync(cancellation);
                return Token(user);
            },
        };
        await using var anna = await Listener.ConnectAsync(options, user);
        await using var ben = await HubAsync(0, Unique("ben"));
        await ben.JoinAsync(group);
        await anna.Chat.JoinAsync(group);
        await anna.NextAsync<ChatSubscribed>(one => one.Group == group);
        foreach (var isForgotten in new[] { true, false })
        {
            anna.Chat.Break();
            await Eventually.TrueAsync(() => anna.Chat.State != ChatState.Online);
            if (isForgotten)
            {
                using var redis = new RedisClient(Cluster.Redis.Port);
                redis.Execute("DEL", $"{{user:{user}}}:groups");
            }

            await ben.PostAsync(group, "missed");
            await ben.NextWhereAsync(next => next.Message == "missed"); // the node has it as well
            mayConnect.Release();
            Assert.False((await anna.NextAsync<ChatSubscribed>(one => one.Group == group)).Recovered);
            await ben.PostAsync(group, "after");
            Assert.Equal("after", (await anna.NextAsync<ChatMessage>()).Text);
            Assert.Contains(group, anna.Chat.Groups);
        }
    }

    [Fact]
    public async Task Token_WithTheRoleService_OpensTheServerApi()
    {
        using var http = new HttpClient { BaseAddress = Cluster.Nodes[0].Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", ChatToken.Make(TestToken.Key, "shop", TimeSpan.FromMinutes(1), roles: ["service"]));

        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync(new Uri("api/v1/nodes", UriKind.Relative))).StatusCode);
        Assert.Throws<ArgumentException>(() => ChatToken.Make("short", "shop", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Client_PutOutOfAGroup_IsTold_AndOfEverything_Stops()
    {
        var (user, group) = (Unique("anna"), Unique("group"));
        await using var anna = await Listener.ConnectAsync(
            new ChatClientOptions { Server = Cluster.Nodes[0].Address, Token = _ => ValueTask.FromResult(Token(user)) }, user);
        await anna.Chat.JoinAsync(group);

        var ban = await Sanctions.BanAsync(user, Topic.Group(group), TimeSpan.FromHours(1), "spam");
        Assert.Equal(new ChatUnsubscribed(group), await anna.NextAsync<ChatUnsubscribed>());
        var forbidden = await anna.NextAsync<ChatForbidden>();
        Assert.Equal(group, forbidden.Group);
        Assert.Equal(ban!.Until!.Value.ToUnixTimeSeconds(), forbidden.Until!.Value.ToUnixTimeSeconds());
        var refused = await Assert.ThrowsAsync<ChatException>(() => anna.Chat.JoinAsync(group));
        Assert.Equal(("forbidden", forbidden.Until.Value.ToUnixTimeSeconds()), (refused.Code, refused.Until?.ToUnixTimeSeconds()));
        Assert.Equal(ChatState.Online, anna.Chat.State);

        var exile = await Sanctions.BanAsync(user, null, TimeSpan.FromHours(1), "spam");
        Assert.Equal(("refused", "banned"), await anna.RefusedAsync());
        Assert.Equal(ChatState.Stopped, anna.Chat.State);

        // A client that comes back is told why it is refused, and until when. Once it was only told "The server answered 403."
        var back = await Assert.ThrowsAsync<ChatException>(() => Listener.ConnectAsync(
            new ChatClientOptions { Server = Cluster.Nodes[0].Address, Token = _ => ValueTask.FromResult(Token(user)), FirstDelay = TimeSpan.Zero }, user));
        Assert.StartsWith("This user is banned until ", back.Message, StringComparison.Ordinal);
        Assert.Equal(("refused", exile!.Until!.Value.ToUnixTimeSeconds()), (back.Code, back.Until?.ToUnixTimeSeconds()));
    }
}
