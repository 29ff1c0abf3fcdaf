using Chat.Client;
using Chat.Tests.Auth;
using Chat.Tests.ClientLibrary;
using Xunit;
using Xunit.Abstractions;
using Topic = Chat.Api.Messages.Topic;

namespace Chat.Tests.Access;

/// <summary>How the .NET client library reports bans.</summary>
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
