using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Client;
using Microsoft.AspNetCore.Builder;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>Events that end a pause of the .NET client library early, and timers. By the clock here no pause ever ends, and no answer arrives in time.</summary>
/// <remarks>The JavaScript library has the same tests (Script/hub-specs.js), except for that of a timer that is late.</remarks>
public sealed class PauseTests : IAsyncLifetime
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(7);

    private readonly Clock _clock = new();
    private readonly ConcurrentQueue<(int Connection, string Target)> _heard = [];
    private int _connections;
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(async http =>
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var connection = Interlocked.Increment(ref _connections);
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, CancellationToken.None);
        await SayAsync(socket, "{}", """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""");
        while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
        {
            using var call = JsonDocument.Parse(buffer.AsMemory(0, received.Count - 1));
            _heard.Enqueue((connection, call.RootElement.GetProperty("target").GetString()!));
            if (connection > 1)
            {
                await SayAsync(socket, $$$"""{"type":3,"invocationId":"{{{call.RootElement.GetProperty("invocationId").GetString()}}}","result":{"id":"a","epoch":"e","offset":2}}""");
            }
        }
    });

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    // After a network had been dead for half a minute, a message once waited up to ten seconds longer, although there was a connection again.
    [Fact]
    public async Task Call_ThatWasNotAnswered_IsMadeAgain_AsSoonAsThereIsAnotherConnection()
    {
        await using var anna = await ConnectAsync();
        anna.Chat.StateChanged += (_, change) => Hurry(anna.Chat, change);
        var posting = anna.Chat.PostAsync("g", "hello");
        await _clock.TimedOut.Task.WaitAsync(Listener.Deadline);

        anna.Chat.Break();

        Assert.Equal(new ChatPosition("e", 2), (await posting.WaitAsync(Listener.Deadline)).Position);
        Assert.Equal([(1, "post"), (2, "post")], _heard);
    }

    [Fact]
    public async Task Hurry_EndsThePause_AlsoWhereItIsToldOf_AndDoesNothingElse()
    {
        await using var anna = await ConnectAsync();
        anna.Chat.Hurry();
        Assert.Equal(ChatState.Online, anna.Chat.State);
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        anna.Chat.StateChanged += (_, change) => (change.State == ChatState.Waiting ? waiting : null)?.TrySetResult();

        anna.Chat.Break();
        await waiting.Task.WaitAsync(Listener.Deadline);
        Assert.Equal(1, _connections);
        anna.Chat.Hurry();
        await Support.Eventually.TrueAsync(() => anna.Chat is { Reconnects: 1, State: ChatState.Online });

        anna.Chat.StateChanged += (_, change) => Hurry(anna.Chat, change);
        anna.Chat.Break();
        await Support.Eventually.TrueAsync(() => anna.Chat is { Reconnects: 2, State: ChatState.Online });
    }

    // A timer that is disposed of may be about to fire on its thread. Once it canceled a source that was disposed of, and the process ended with the exception.
    [Fact]
    public async Task Timer_ThatFiresWhenItsCallIsOver_HurtsNobody()
    {
        await using (var anna = await ConnectAsync())
        {
            using var enough = new CancellationTokenSource();
            var posting = anna.Chat.PostAsync("g", "hello", cancellationToken: enough.Token);
            await enough.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => posting);
        }

        Assert.All(_clock.Timers, fire => fire());
    }

    private static void Hurry(Library chat, ChatStateChange change)
    {
        if (change.State == ChatState.Waiting)
        {
            chat.Hurry();
        }
    }

    private static Task SayAsync(WebSocket socket, params string[] words) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(words.Select(word => word + "\u001e"))), WebSocketMessageType.Text, true, CancellationToken.None);

    private Task<Listener> ConnectAsync() => Listener.ConnectAsync(
        new ChatClientOptions
        {
            Server = new Uri(_hub!.Urls.Single()),
            Token = _ => ValueTask.FromResult("x"),
            AttemptTimeout = AttemptTimeout,
            CallTimeout = Timeout.InfiniteTimeSpan,
            TimeProvider = _clock,
        },
        "anna");

    private sealed class Clock : TimeProvider
    {
        public TaskCompletionSource TimedOut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<Action> Timers { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers.Enqueue(() => callback(state));
            return base.CreateTimer(
                known =>
                {
                    callback(known);
                    TimedOut.TrySetResult();
                },
                state,
                dueTime == AttemptTimeout ? TimeSpan.FromMilliseconds(10) : Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }
    }
}
