using System.Globalization;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using ServiceDefaults;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A login that changes with time, as access tokens do.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class RedisLoginTests : IAsyncLifetime
{
    private readonly Tokens _tokens = new();
    private RedisServer _server = null!;
    private RedisBackplaneNode _node = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _server.Execute("ACL", "SETUSER", "chat", "on", ">first", "~*", "&*", "+@all");
        var login = new RedisLogin(new ConfigurationOptions { Defaults = _tokens });
        _node = await RedisBackplaneNode.StartAsync(RedisEndpoint.Parse(_server.ConnectionString) with { Login = () => login.Current });
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
    }

    [RedisFact]
    public async Task Connection_ThatEnds_IsMadeAnewWithTheCurrentToken()
    {
        var topic = Topic.Group("1");
        await _node.Backplane.SubscribeAsync(topic);
        Rotate();

        Assert.NotEqual(0L, _server.Execute("CLIENT", "KILL", "USER", "chat"));

        await _node.Listener.RestoredAsync();
        await _node.PublishAnyhowAsync(topic, "after", "m1");
        Assert.Equal("after", (await _node.Listener.NextAsync()).Msg);
    }

    [RedisFact]
    public async Task NewToken_IsShownOverTheConnectionThatThereIs()
    {
        var before = Calls("auth");
        Rotate();

        await Eventually.TrueAsync(() => Calls("auth") > before);
        Assert.True((await _node.PublishAsync(Topic.Group("1"), "hi")).IsPublished);
        Assert.Equal(before + 1, Calls("auth")); // once, and no other connection was made
    }

    // The loop that looks after all links once ended with the first exception, and with it the node.
    [RedisFact]
    public async Task Provider_ThatFails_IsAskedAgain()
    {
        _tokens.IsAway = true;
        var before = _tokens.Asked;
        await Eventually.TrueAsync(() => _tokens.Asked >= before + 3);
        Assert.True((await _node.PublishAsync(Topic.Group("1"), "hi")).IsPublished);

        _tokens.IsAway = false;
        var calls = Calls("auth");
        Rotate();

        await Eventually.TrueAsync(() => Calls("auth") > calls);
    }

    private void Rotate()
    {
        _server.Execute("ACL", "SETUSER", "chat", ">second", "<first");
        _tokens.Current = "second";
    }

    private long Calls(string command)
    {
        // cmdstat_auth:calls=3,usec=…
        var line = ((string)_server.Execute("INFO", "commandstats")!).Split('\n').Single(line => line.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
        return long.Parse(line.Split('=', ',')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Tokens like those of Microsoft.Azure.StackExchangeRedis.</summary>
    private sealed class Tokens : DefaultOptionsProvider
    {
        private int _asked;

        public volatile string Current = "first";
        public volatile bool IsAway;

        public int Asked => Volatile.Read(ref _asked);

        public override string? User => "chat";

        public override string? Password
        {
            get
            {
                Interlocked.Increment(ref _asked);
                return IsAway ? throw new InvalidOperationException("The service of tokens is away.") : Current;
            }
        }
    }
}
