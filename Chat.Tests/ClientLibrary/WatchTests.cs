using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Client;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Chat.Tests.ClientLibrary;

/// <summary>The .NET client library goes on watching a group's presence over reconnects, at a hub that does what Chat's hub does at the worst moment.</summary>
/// <remarks>The JavaScript library has the same tests (Script/hub-specs.js).</remarks>
public sealed class WatchTests : IAsyncLifetime
{
    private const string Own = """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""";
    private const string Group = """{"type":1,"target":"subscribed","arguments":[{"group":"g","epoch":"e","offset":1,"recovered":true}]}""";

    private static readonly TimeSpan CallTimeout = TimeSpan.FromMinutes(7);

    private readonly ConcurrentQueue<(int Connection, string Target)> _heard = [];
    private Func<int, string[]> _begin = _ => [Group, Own];
    private Func<int, string, string?> _answer = (_, _) => """ "result":{"count":1} """;
    private int _connections;
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(async http =>
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var connection = Interlocked.Increment(ref _connections);
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, CancellationToken.None);
        await SayAsync(socket, ["{}", .. _begin(connection)]);
        while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
        {
            using var call = JsonDocument.Parse(buffer.AsMemory(0, received.Count - 1));
            if (!call.RootElement.TryGetProperty("target", out var property) || property.GetString() is not { } target)
            {
                continue; // a ping
            }

            _heard.Enqueue((connection, target));
            if (_answer(connection, target) is { } answer)
            {
                await SayAsync(socket, $$"""{"type":3,"invocationId":"{{call.RootElement.GetProperty("invocationId").GetString()}}",{{answer}}}""");
            }
        }
    });

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    // Once the watch was asked for at the same time as the group, refused, and never asked for again.
    [Fact]
    public async Task Presence_OfAForgottenGroup_IsWatchedAgain_OnceTheClientIsBackInIt()
    {
        var isIn = true;
        _begin = connection => connection == 1 ? [Group, Own] : [Own];
        _answer = (_, target) =>
        {
            isIn = target == "join" ? _heard.Count == 3 : isIn;
            return isIn ? """ "result":{"epoch":"e","offset":1,"recovered":true} """ : $$""" "error":"HubException: {{(target == "join" ? "unavailable" : "not_member")}}: In words." """;
        };
        await using var anna = await ConnectAsync();
        await anna.Chat.WatchPresenceAsync("g");
        isIn = false;
        anna.Chat.Break();

        await Eventually.TrueAsync(() => _heard.Count == 4);
        Assert.Equal([(1, "presence"), (2, "join"), (2, "join"), (2, "presence")], _heard);
    }

    [Fact]
    public async Task Presence_ThatCannotBeWatchedAgainInTime_IsWatchedByTheNextConnection()
    {
        _answer = (connection, _) => connection == 2 ? null : """ "result":{"count":1} """;
        await using var anna = await ConnectAsync(new Clock(callsAreLate: () => Volatile.Read(ref _connections) == 2));
        await anna.Chat.WatchPresenceAsync("g");
        anna.Chat.Break();

        await Eventually.TrueAsync(() => _heard.Contains((3, "presence")));
    }

    private Task<Listener> ConnectAsync(TimeProvider? time = null) => Listener.ConnectAsync(
        new ChatClientOptions
        {
            Server = new Uri(_hub!.Urls.Single()),
            Token = _ => ValueTask.FromResult("x"),
            CallTimeout = CallTimeout,
            TimeProvider = time ?? TimeProvider.System,
            FirstDelay = TimeSpan.FromMilliseconds(10),
            LongestDelay = TimeSpan.FromMilliseconds(20),
        },
        "anna");

    private static Task SayAsync(WebSocket socket, params string[] words) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(words.Select(word => word + "\u001e"))), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>While calls are late, each has timed out soon.</summary>
    private sealed class Clock(Func<bool> callsAreLate) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == CallTimeout && callsAreLate() ? TimeSpan.FromMilliseconds(10) : dueTime, period);
    }
}
