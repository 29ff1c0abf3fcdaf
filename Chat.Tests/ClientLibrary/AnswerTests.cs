using Chat.Client;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Chat.Tests.ClientLibrary;

/// <summary>A hub that contradicts an answer right before or right behind it: its last word counts, although the code that awaits the call continues
/// later.</summary>
/// <remarks>The JavaScript library has the same tests (Script/hub-specs.js).</remarks>
public sealed class AnswerTests : IAsyncLifetime
{
    private const string Own = """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""";
    private const string Left = """{"type":1,"target":"mirror","arguments":[{"method":"unsubscribe","payload":{"group":"g"}}]}""";
    private const string Joined = """{"type":3,"invocationId":"ID","result":{"epoch":"e","offset":3,"recovered":true,"messages":[]}}""";
    private const string Typing = """{"type":1,"target":"typing","arguments":[{"group":"g","nick":"ben"}]}""";

    private readonly List<string> _first = [];
    private readonly Dictionary<string, string[]> _toCalls = [];
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(
        _ => _first, (_, target, id) => _toCalls.GetValueOrDefault(target, []).Select(word => word.Replace("ID", id, StringComparison.Ordinal)));

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    [Fact]
    public async Task Group_ThatIsLeftElsewhere_RightBehindTheAnswerOfAJoin_IsLeft()
    {
        _toCalls["join"] = [Joined, Left, Message(4), Typing];
        await using var anna = await ConnectAsync();
        await anna.Chat.JoinAsync("g");

        await anna.NextAsync<ChatUnsubscribed>();
        await anna.NextAsync<ChatTyping>();
        Assert.Empty(anna.Chat.Groups);
        Assert.Equal([""], anna.Chat.Positions.Keys);
    }

    // Before or after the join; in either case a user who is not in the group may not read its log.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Group_ThatIsLeftElsewhere_WhileItIsJoined_IsAskedAbout(bool isIn)
    {
        _toCalls["join"] = [Left, Joined];
        _toCalls["history"] = [isIn ? Joined : """{"type":3,"invocationId":"ID","error":"HubException: not_member: You are not in that group."}"""];
        await using var anna = await ConnectAsync();
        var joining = anna.Chat.JoinAsync("g");
        if (isIn)
        {
            await joining;
        }
        else
        {
            Assert.Equal("not_member", (await Assert.ThrowsAsync<ChatException>(() => joining)).Code);
        }

        Assert.Equal(isIn ? ["g"] : [], anna.Chat.Groups);
    }

    [Fact]
    public async Task Group_ThatIsJoinedElsewhere_BeforeALeaveIsAnswered_IsIn()
    {
        _first.Add("""{"type":1,"target":"subscribed","arguments":[{"group":"g","epoch":"e","offset":1,"recovered":true}]}""");
        _toCalls["leave"] = [Left, _first[^1], """{"type":3,"invocationId":"ID","result":{"nodes":1,"of":1}}""", Message(4)];
        await using var anna = await ConnectAsync();
        await anna.Chat.LeaveAsync("g");

        Assert.Equal(["4"], await anna.TextsUntilAsync("g", "4"));
        Assert.Equal(["g"], anna.Chat.Groups);
    }

    private static string Message(int offset) =>
        $$"""{"type":1,"target":"message","arguments":[{"group":"g","nick":"ben","message":"{{offset}}","id":"id{{offset}}","epoch":"e","offset":{{offset}},"at":1}]}""";

    private Task<Listener> ConnectAsync()
    {
        _first.Add(Own);
        return Listener.ConnectAsync(new ChatClientOptions { Server = new Uri(_hub!.Urls.Single()), Token = _ => ValueTask.FromResult("x") }, "anna");
    }
}
