using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Client;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>What the calls of the .NET client library do where the client has been before, and where an answer was lost, at a hub that sends what a
/// test wants.</summary>
/// <remarks>The JavaScript library has the same tests (Script/hub-specs.js).</remarks>
public sealed class CallTests : IAsyncLifetime
{
    private const string Own = """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""";

    private readonly ConcurrentQueue<JsonElement> _heard = [];
    private readonly Clock _clock = new();
    private string[] _first = [Own];
    private Func<string, bool, string?> _answer = (_, _) => null;
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(async http =>
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, CancellationToken.None);
        foreach (var word in _first.Prepend("{}"))
        {
            await SayAsync(socket, word);
        }

        while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
        {
            var call = JsonElement.Parse(buffer.AsSpan(0, received.Count - 1));
            if (!call.TryGetProperty("target", out var target))
            {
                continue; // a ping
            }

            var argument = call.GetProperty("arguments")[0];
            var answerTo = _answer; // as long as nobody has heard the call: a test may want the next one to be answered otherwise
            _heard.Enqueue(argument);
            if (call.TryGetProperty("invocationId", out var id) && answerTo(target.GetString()!, argument.TryGetProperty("since", out _)) is { } answer)
            {
                await SayAsync(socket, $$"""{"type":3,"invocationId":"{{id.GetString()}}",{{answer}}}""");
            }
        }
    });

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    // Once the join began at the group's present position, though the program had saved an earlier one, and said that nothing was missing.
    [Theory]
    [InlineData(true)] // the server sends the group as soon as there is a connection, and the call is made before
    [InlineData(false)] // the server has forgotten that the user was in the group
    public async Task Join_WithoutAPosition_ContinuesWhereTheClientWasToldTo(bool isNamed)
    {
        _first = isNamed ? [Subscribed(17), Message(18), Message(19), Own] : [Own];
        _answer = (method, isSince) => (method, isSince) switch
        {
            ("join", true) => $$""" "result":{"epoch":"e","offset":19,"recovered":true,"messages":[{{Said(18)}},{{Said(19)}}]} """,
            _ => """ "result":{"epoch":"e","offset":19,"recovered":true,"messages":[]} """,
        };
        var mayConnect = new TaskCompletionSource<string>();
        await using var chat = Library.Start(Options(17, mayConnect.Task));
        var joining = isNamed ? chat.JoinAsync("g") : Task.CompletedTask;
        mayConnect.SetResult("x");
        await Eventually.TrueAsync(() => chat.State == ChatState.Online);
        await joining;
        if (!isNamed)
        {
            await chat.JoinAsync("g");
        }

        await chat.JoinAsync("g"); // by now the reader gets the group
        Assert.Equal(["from 17", "18", "19"], await InGroupAsync(chat));
        Assert.Equal(new ChatPosition("e", 19), chat.Positions["g"]);
    }

    // Rights are independent: a user may join a group and not read its log.
    [Fact]
    public async Task Join_WithoutAPosition_OfAGroupWhoseLogMayNotBeRead_LeavesAHole()
    {
        _answer = (_, isSince) => isSince ? """ "error":"HubException: forbidden: In words." """ : """ "result":{"epoch":"e","offset":19,"recovered":true,"messages":[]} """;
        await using var chat = await Library.ConnectAsync(Options(17, Task.FromResult("x")));

        Assert.Equal(new ChatSubscribed("g", new ChatPosition("e", 19), Recovered: false), await chat.JoinAsync("g"));
        Assert.Equal(["hole before 19"], await InGroupAsync(chat));
    }

    // Servers convert names to Unicode form C. Once the client asked for the group under one name, and dropped all that came under the other.
    [Fact]
    public async Task Group_InAnotherUnicodeForm_IsHeard()
    {
        const string Composed = "caf\u00e9", Decomposed = "cafe\u0301";
        _first = [Subscribed(17, Composed), Own];
        _answer = (_, _) => """ "result":{"id":"a","epoch":"e","offset":17,"recovered":true,"messages":[]} """;
        await using var chat = await Library.ConnectAsync(Options(17, Task.FromResult("x"), Decomposed));

        Assert.Equal([Composed], chat.Positions.Keys.Where(topic => topic.Length > 0));
        Assert.Equal(Composed, (await chat.JoinAsync(Decomposed)).Group);
        await chat.PostAsync(Decomposed, Decomposed);
        await chat.SendAsync(Decomposed, "x");
        await chat.HistoryAsync(Decomposed);
        await chat.WatchPresenceAsync(Decomposed);
        await chat.PresenceAsync(Decomposed);
        await chat.TypingAsync(Decomposed);
        await chat.LeaveAsync(Decomposed);
        await Eventually.TrueAsync(() => _heard.Count == 8);
        Assert.All(_heard, one => Assert.Equal(Composed, (one.TryGetProperty("group", out var name) ? name : one.GetProperty("to")).GetString()));
        Assert.Contains(_heard, one => one.TryGetProperty("message", out var text) && text.GetString() == Decomposed); // texts stay as they are
        Assert.Empty(chat.Groups);
    }

    // The log knows an id for ten minutes at most. Once a message that was published, but not acknowledged, before a longer absence was published again.
    [Theory]
    [InlineData(9, false)]
    [InlineData(7, true)]
    public async Task Message_ThatWasSent_IsSentAgain_OnlyWhileTheLogKnowsIt(int minutes, bool isSentAgain)
    {
        await using var chat = await Library.ConnectAsync(Options(17, Task.FromResult("x")));
        var posting = chat.PostAsync("g", "x");
        await Eventually.TrueAsync(() => _heard.Count == 1);
        _answer = (_, _) => """ "result":{"id":"a","epoch":"e","offset":18} """;
        _clock.Ahead = TimeSpan.FromMinutes(minutes);
        chat.Break();

        if (isSentAgain)
        {
            await posting.WaitAsync(Listener.Deadline);
        }
        else
        {
            Assert.Equal("timeout", (await Assert.ThrowsAsync<ChatException>(() => posting.WaitAsync(Listener.Deadline))).Code);
        }

        await chat.PostAsync("g", "next");
        Assert.Equal(isSentAgain ? ["x", "x", "next"] : ["x", "next"], _heard.Select(one => one.GetProperty("message").GetString()));
    }

    // Where the server has said that a message was not published, it may be sent again at any time.
    [Fact]
    public async Task Message_ThatWasRefused_IsSentAgain_HoweverLate()
    {
        _answer = (_, _) =>
        {
            _clock.Ahead += TimeSpan.FromMinutes(9);
            return _heard.Count < 3 ? """ "error":"HubException: topic_busy: In words." """ : """ "result":{"id":"a","epoch":"e","offset":18} """;
        };
        await using var chat = await Library.ConnectAsync(Options(17, Task.FromResult("x")));

        Assert.Equal("a", (await chat.PostAsync("g", "x").WaitAsync(Listener.Deadline)).Id);
    }

    // Whoever waits for the first connection, or for a call, reads no events yet. The server's reports of the groups once waited for such a reader.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_WithLittleRoomForEvents_GetsOnline(bool connects)
    {
        _first = [Subscribed(1, "f"), Subscribed(17), Message(18), Own];
        _answer = (_, _) => """ "result":{"id":"a","epoch":"e","offset":18} """;
        var options = Options(17, Task.FromResult("x"), bufferedEvents: 1);
        await using var chat = connects ? await Library.ConnectAsync(options).WaitAsync(Listener.Deadline) : Library.Start(options);
        await chat.PostAsync("g", "x").WaitAsync(Listener.Deadline);

        Assert.Equal(["from 17", "18"], await InGroupAsync(chat));
    }

    private static string Said(int offset) =>
        $$"""{"group":"g","nick":"ben","message":"{{offset}}","id":"id{{offset}}","epoch":"e","offset":{{offset}},"at":1}""";

    private static string Message(int offset) => $$"""{"type":1,"target":"message","arguments":[{{Said(offset)}}]}""";

    private static string Subscribed(int offset, string group = "g") =>
        $$"""{"type":1,"target":"subscribed","arguments":[{"group":"{{group}}","epoch":"e","offset":{{offset}},"recovered":true}]}""";

    // What the reader gets of the group until the client ends.
    private static async Task<List<string>> InGroupAsync(Library chat)
    {
        var heard = new List<string>();
        await chat.DisposeAsync();
        await foreach (var one in chat.ReadAllAsync())
        {
            if (one is ChatMessage { Group: "g" } message)
            {
                heard.Add(message.Text);
            }
            else if (one is ChatSubscribed { Group: "g" } word)
            {
                heard.Add($"{(word.Recovered ? "from" : "hole before")} {word.Position.Offset}");
            }
        }

        return heard;
    }

    private static Task SayAsync(WebSocket socket, string word) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(word + "\u001e"), WebSocketMessageType.Text, true, CancellationToken.None);

    private ChatClientOptions Options(int since, Task<string> token, string group = "g", int bufferedEvents = 1000) => new()
    {
        Server = new Uri(_hub!.Urls.Single()),
        Token = async cancellation => await token.WaitAsync(cancellation),
        Since = new Dictionary<string, ChatPosition> { [group] = new ChatPosition("e", since) },
        BufferedEvents = bufferedEvents,
        CallTimeout = Timeout.InfiniteTimeSpan,
        TimeProvider = _clock,
        FirstDelay = TimeSpan.FromMilliseconds(10),
        LongestDelay = TimeSpan.FromMilliseconds(20),
    };

    /// <summary>Its timers are on time, as if the machine had slept.</summary>
    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }
}
