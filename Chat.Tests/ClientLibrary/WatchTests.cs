using System.Collections.Concurrent;
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
    private volatile int _connections;
    private WebApplication? _hub;

    public async Task InitializeAsync() => _hub = await ScriptedHub.StartAsync(
        connection =>
        {
            _connections = connection;
            return _begin(connection);
        },
        (connection, target, id) =>
        {
            _heard.Enqueue((connection, target));
            return _answer(connection, target) is { } answer ? [$$"""{"type":3,"invocationId":"{{id}}",{{answer}}}"""] : [];
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
        await using var anna = await ConnectAsync(new Clock(callsAreLate: () => _connections == 2));
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

    /// <summary>While calls are late, each has timed out soon.</summary>
    private sealed class Clock(Func<bool> callsAreLate) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == CallTimeout && callsAreLate() ? TimeSpan.FromMilliseconds(10) : dueTime, period);
    }
}
