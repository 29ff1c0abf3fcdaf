using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Chat.Client;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>A hub that ends a connection before, or instead of, answering its handshake or a call.</summary>
public sealed partial class HandshakeTests : IAsyncLifetime
{
    private const string Subscribed = """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""";

    private readonly Queue<string[]> _answers = new(); // one for each connection; the last one stays. An empty one stands for 404
    private readonly List<string> _queries = [];
    private WebApplication? _hub;

    public async Task InitializeAsync()
    {
        _hub = await ScriptedHub.StartAsync(async http =>
        {
            _queries.Add(Uri.UnescapeDataString($"{http.Request.QueryString}"));
            if (_answers.Peek() is [])
            {
                _answers.Dequeue();
                http.Response.StatusCode = 404;
                return;
            }

            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            await socket.ReceiveAsync(buffer, CancellationToken.None);
            var stays = _answers.Count == 1;
            var answers = stays ? _answers.Peek() : _answers.Dequeue();
            foreach (var answer in answers)
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(answer + "\u001e"), WebSocketMessageType.Text, true, CancellationToken.None);
            }

            while (stays && answers.Length > 1 && await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
            {
                if (Refresh().Match(Encoding.UTF8.GetString(buffer, 0, received.Count)) is { Success: true } call)
                {
                    var answer = $"{{\"type\":3,\"invocationId\":\"{call.Groups[1].Value}\",\"result\":{{}}}}\u001e";
                    await socket.SendAsync(Encoding.UTF8.GetBytes(answer), WebSocketMessageType.Text, true, CancellationToken.None);
                }
            }

            if (!stays && answers.Length > 1)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.InternalServerError, null, CancellationToken.None); // the server would wait for the client
            }
        });
    }

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    [Fact]
    public async Task Connection_ThatIsToTryLater_TriesLater()
    {
        _answers.Enqueue(["""{"type":7,"error":"try again later","allowReconnect":true}"""]);
        _answers.Enqueue(["""{"error":"try again later","allowReconnect":true}"""]); // older nodes gave the other answer
        _answers.Enqueue(["{}", Subscribed]);

        await using var anna = await Library.ConnectAsync(Options).WaitAsync(Listener.Deadline);
        Assert.Equal(ChatState.Online, anna.State);
    }

    [Theory]
    [InlineData("""{"type":7,"error":"banned"}""", "banned")]
    [InlineData("""{"error":"The protocol 'json' is not supported."}""", "The protocol 'json' is not supported.")]
    [InlineData("rubbish", "What answered is no hub of SignalR's.")]
    public async Task Connection_ThatIsNotWanted_IsNotMadeAgain(string answer, string words)
    {
        _answers.Enqueue([answer]);

        var refused = await Assert.ThrowsAsync<ChatException>(() => Library.ConnectAsync(Options).WaitAsync(Listener.Deadline));
        Assert.Equal(("refused", words), (refused.Code, refused.Message));
    }

    // The server has forgotten the group, so the client joins it again from its position and receives messages, but the connection ends before the
    // answer. Once the received messages were given out, past the missed ones, which then never came.
    [Fact]
    public async Task Connection_ThatEndsWhileAGroupIsFetched_GivesNothingBehindTheHole()
    {
        _answers.Enqueue(["{}", SubscribedTo(1), Message(2), Subscribed]);
        _answers.Enqueue(["{}", Subscribed, Message(5)]);
        _answers.Enqueue(["{}", SubscribedTo(2), Message(3), Message(4), Message(5), Message(6), Subscribed]);

        await using var anna = await Listener.ConnectAsync(Options, "anna");
        Assert.Equal(["2", "3", "4", "5", "6"], await anna.TextsUntilAsync("g", "6"));
        Assert.Contains("since=g:e:2", _queries[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenThatNeverComes_IsAskedForAgain_AndHoldsUpNoEnd()
    {
        _answers.Enqueue(["{}", Subscribed]);
        var asked = 0;
        ChatClientOptions WithTimeout(TimeSpan timeout) => new()
        {
            Server = Options.Server,
            ConnectTimeout = timeout,
            FirstDelay = Options.FirstDelay,
            LongestDelay = Options.LongestDelay,
            Token = async _ => Interlocked.Increment(ref asked) == 1 ? await new TaskCompletionSource<string>().Task : "x", // ignores cancellation
        };

        await using (await Library.ConnectAsync(WithTimeout(TimeSpan.FromMilliseconds(200))).WaitAsync(Listener.Deadline))
        {
            Assert.True(asked > 1);
        }

        asked = 0;
        using var enough = new CancellationTokenSource();
        var connecting = Library.ConnectAsync(WithTimeout(TimeSpan.FromHours(1)), enough.Token);
        await Eventually.TrueAsync(() => asked == 1);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Listener.Deadline));
    }

    // The JavaScript library has the same test (Script/specs.js).
    [Theory]
    [InlineData("null")]
    [InlineData("rubbish")]
    [InlineData("[]")]
    [InlineData("{\"type\":\"1\"}")]
    [InlineData("{\"type\":1,\"target\":5}")]
    [InlineData("{\"type\":1,\"target\":\"message\",\"arguments\":5}")]
    [InlineData("{\"type\":1,\"target\":\"message\",\"arguments\":[5]}")]
    [InlineData("{\"type\":1,\"target\":\"message\",\"arguments\":[{\"group\":\"g\",\"message\":5}]}")]
    [InlineData("{\"type\":1,\"target\":\"message\",\"arguments\":[{\"group\":\"g\",\"message\":\"m\",\"epoch\":\"e\",\"offset\":\"1\"}]}")]
    [InlineData("{\"type\":1,\"target\":\"presence\",\"arguments\":[{\"group\":\"g\",\"members\":5}]}")]
    [InlineData("{\"type\":1,\"target\":\"presence\",\"arguments\":[{\"group\":\"g\",\"members\":[null]}]}")]
    [InlineData("{\"type\":1,\"target\":\"presence\",\"arguments\":[{\"group\":\"g\",\"joined\":[5]}]}")]
    [InlineData("{\"type\":3,\"invocationId\":\"1\",\"error\":5}")]
    public async Task Record_ThatIsNone_EndsTheClient_InWords(string record)
    {
        _answers.Enqueue(["{}", Subscribed, record]);

        using var deadline = new CancellationTokenSource(Listener.Deadline);
        var refused = await Assert.ThrowsAsync<ChatException>(async () =>
        {
            await using var anna = await Library.ConnectAsync(Options, deadline.Token); // the client may be over before this check
            await foreach (var one in anna.ReadAllAsync(deadline.Token))
            {
                Assert.IsType<ChatSubscribed>(one);
            }
        });
        Assert.Equal("refused", refused.Code);
        Assert.StartsWith("The server sent something that is not SignalR's JSON protocol", refused.Message, StringComparison.Ordinal);
    }

    // Some proxies answer 404 while the edge behind them is replaced. Once, every client that reconnected in that moment stopped for good.
    [Fact]
    public async Task Client_ThatWasOnline_ComesBack_WhereNothingIsFoundForAMoment()
    {
        _answers.Enqueue(["{}", Subscribed]);
        _answers.Enqueue([]);
        _answers.Enqueue(["{}", Subscribed]);

        await using var anna = await Library.ConnectAsync(Options).WaitAsync(Listener.Deadline);
        await Eventually.TrueAsync(() => anna.Reconnects == 1);
        Assert.Equal(3, _queries.Count);
    }

    [Fact]
    public async Task Client_ThatNeverWasOnline_IsRefused_WhereNothingIsFound()
    {
        _answers.Enqueue([]);

        var refused = await Assert.ThrowsAsync<ChatException>(() => Library.ConnectAsync(Options).WaitAsync(Listener.Deadline));
        Assert.Equal("refused", refused.Code);
    }

    // Once, nobody was told anything while ConnectAsync waited for the first connection.
    [Fact]
    public async Task StateChanged_AsAnOption_HearsWhyThereIsNoConnectionYet()
    {
        _answers.Enqueue(["{}", Subscribed]);
        var (changes, asked) = (new ConcurrentQueue<ChatStateChange>(), 0);
        var options = new ChatClientOptions
        {
            Server = Options.Server,
            FirstDelay = Options.FirstDelay,
            LongestDelay = Options.LongestDelay,
            Token = _ => asked++ == 0 ? throw new InvalidOperationException("not yet") : ValueTask.FromResult("x"),
            StateChanged = (_, change) => changes.Enqueue(change),
        };

        await using var anna = await Library.ConnectAsync(options).WaitAsync(Listener.Deadline);
        Assert.Equal([ChatState.Connecting, ChatState.Waiting, ChatState.Connecting, ChatState.Online], changes.Select(change => change.State));
        Assert.Equal("There was no token: not yet", changes.ElementAt(1).Reason);
    }

    [Fact]
    public async Task Start_ReturnsAtOnce_AndConnectsWhenThereIsAToken()
    {
        var (changes, isThere) = (new ConcurrentQueue<ChatStateChange>(), new TaskCompletionSource<string>());
        await using var anna = Library.Start(new ChatClientOptions
        {
            Server = Options.Server,
            Token = _ => new ValueTask<string>(isThere.Task),
            StateChanged = (_, change) => changes.Enqueue(change),
        });
        Assert.NotEqual(ChatState.Online, anna.State);
        _answers.Enqueue(["{}", Subscribed]);
        isThere.SetResult("x");
        await Eventually.TrueAsync(() => changes.Any(change => change.State == ChatState.Online));
    }

    // Once, each call failed with a message about a timer, or the client never connected.
    [Fact]
    public async Task Options_WithATimeThatNoTimerCanHold_AreRefused()
    {
        var (server, time) = (new Uri("http://localhost"), TimeSpan.MaxValue);
        static ValueTask<string> Token(CancellationToken cancellation) => ValueTask.FromResult("x");
        foreach (var options in new ChatClientOptions[]
        {
            new() { Server = server, Token = Token, CallTimeout = time },
            new() { Server = server, Token = Token, AttemptTimeout = time },
            new() { Server = server, Token = Token, ConnectTimeout = time },
            new() { Server = server, Token = Token, SilenceLimit = time },
            new() { Server = server, Token = Token, LongestDelay = time },
        })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Library.ConnectAsync(options).WaitAsync(Listener.Deadline));
        }
    }

    // Other systems on the same Redis may write it this way. Once it ended the client.
    [Fact]
    public async Task Message_AtATimeThatIsNone_IsGivenWithoutIt()
    {
        _answers.Enqueue(["{}", SubscribedTo(1), Message(2).Replace("\"at\":1", "\"at\":1795310968966000000", StringComparison.Ordinal), Subscribed]);

        await using var anna = await Listener.ConnectAsync(Options, "anna");
        Assert.Null((await anna.NextAsync<ChatMessage>()).SentAt);
    }

    // By such a clock every token has expired when it arrives. Once the client asked for a token every second, for as long as the device was there.
    [Fact]
    public async Task ClockThatIsFast_MakesTokensAskedForLessAndLessOften()
    {
        _answers.Enqueue(["{}", Subscribed]);
        var (clock, asked, seconds) = (new ManualTimeProvider(), 0, 0); // the clock is years ahead
        var options = new ChatClientOptions
        {
            Server = Options.Server,
            TimeProvider = clock,
            SilenceLimit = TimeSpan.FromHours(1),
            AttemptTimeout = TimeSpan.FromHours(1),
            Token = _ =>
            {
                Interlocked.Increment(ref asked);
                return ValueTask.FromResult(HubTestToken.Make("anna", TimeSpan.FromHours(1)));
            },
        };
        await using var anna = await Library.ConnectAsync(options).WaitAsync(Listener.Deadline);

        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            return Volatile.Read(ref asked) == 5;
        });
        Assert.True(seconds >= 15, $"{seconds} s");
        Assert.Equal(ChatState.Online, anna.State);
    }

    [GeneratedRegex("\"invocationId\":\"([0-9]+)\",\"target\":\"refresh\"")]
    private static partial Regex Refresh();

    private static string SubscribedTo(int offset) => $$"""{"type":1,"target":"subscribed","arguments":[{"group":"g","epoch":"e","offset":{{offset}},"recovered":true}]}""";

    private static string Message(int offset) =>
        $$"""{"type":1,"target":"message","arguments":[{"group":"g","nick":"ben","message":"{{offset}}","id":"id{{offset}}","epoch":"e","offset":{{offset}},"at":1}]}""";

    private ChatClientOptions Options => new()
    {
        Server = new Uri(_hub!.Urls.Single()),
        Token = _ => ValueTask.FromResult("x"),
        FirstDelay = TimeSpan.FromMilliseconds(10),
        LongestDelay = TimeSpan.FromMilliseconds(20),
    };
}
