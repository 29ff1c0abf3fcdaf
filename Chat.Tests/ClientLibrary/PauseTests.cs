using System.Collections.Concurrent;
using Chat.Client;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>Events that end a pause of the .NET client library early, and timers. By the clock here no time passes: a timer fires when a test says so.</summary>
/// <remarks>The JavaScript library has the same tests (Script/hub-specs.js), except for that of a timer that is late.</remarks>
public sealed class PauseTests : IAsyncLifetime
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(7);

    private readonly Clock _clock = new();
    private readonly ConcurrentQueue<(int Connection, string Target)> _heard = [];
    private volatile int _connections;
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(
        connection =>
        {
            _connections = connection;
            return ["""{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}"""];
        },
        (connection, target, id) =>
        {
            _heard.Enqueue((connection, target));
            return connection == 1 ? [] : [$$$"""{"type":3,"invocationId":"{{{id}}}","result":{"id":"a","epoch":"e","offset":2}}"""];
        });

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    // After a network had been dead for half a minute, a message once waited up to ten seconds longer, although there was a connection again.
    [Fact]
    public async Task Call_ThatWasNotAnswered_IsMadeAgain_AsSoonAsThereIsAnotherConnection()
    {
        await using var anna = await ConnectAsync();
        anna.Chat.StateChanged += (_, change) => Hurry(anna.Chat, change);
        var posting = anna.Chat.PostAsync("g", "hello");
        await Eventually.TrueAsync(() => _heard.Count == 1 && _clock.Attempts.Count == 1);
        Assert.Single(_clock.Attempts)();

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
        await Eventually.TrueAsync(() => anna.Chat is { Reconnects: 1, State: ChatState.Online });
        await anna.Chat.PostAsync("g", "hello"); // now there is a connection that can break

        anna.Chat.StateChanged += (_, change) => Hurry(anna.Chat, change);
        anna.Chat.Break();
        await Eventually.TrueAsync(() => anna.Chat is { Reconnects: 2, State: ChatState.Online });
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
        private readonly ConcurrentQueue<(TimeSpan DueTime, Action Fire)> _timers = [];

        public IReadOnlyCollection<Action> Timers => [.. _timers.Select(timer => timer.Fire)];

        public IReadOnlyCollection<Action> Attempts => [.. _timers.Where(timer => timer.DueTime == AttemptTimeout).Select(timer => timer.Fire)];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Enqueue((dueTime, () => callback(state)));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
