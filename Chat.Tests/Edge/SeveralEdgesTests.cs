using System.Text.Json;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Two edges as separate processes, which share information only through Redis.</summary>
public sealed class SeveralEdgesTests : IAsyncLifetime, IDisposable
{
    private const string Key = "p:{nodes}:affinity";
    private const string Prefix = "p:";

    private readonly HubRequests _client = new();
    private FakeNode[] _nodes = [];
    private RedisServer? _redis;
    private EdgeProcess? _one;
    private EdgeProcess? _other;

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        _nodes = await Task.WhenAll(FakeNode.StartAsync("one"), FakeNode.StartAsync("two"), FakeNode.StartAsync("three"));
        Register("ready", _nodes);
        _one = await StartEdgeAsync();
        _other = await StartEdgeAsync(("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await (_one?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_other?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Connection_NegotiatedAtOneEdge_LivesAtAll_AndOutlivesTheKeyInRedis()
    {
        var key = Assert.IsType<string>(_redis!.Execute("GET", Key));
        var node = await _client.NegotiateAsync(_one!.Address);
        await AssertPollsAsync(node, _one, _other!);

        // A Redis that lost its data gets the key back, so that a new edge understands the old cookies.
        _redis.Execute("DEL", Key);
        await Eventually.TrueAsync(() => _redis.Execute("GET", Key) is string);
        Assert.Equal(key, _redis.Execute("GET", Key));
        await using var third = await StartEdgeAsync();
        await AssertPollsAsync(node, third);

        // If there is another key, all edges use it from then on, and cookies signed with the old one still count.
        _redis.Execute("SET", Key, "somebody else's key");
        foreach (var edge in (EdgeProcess[])[_one, _other!, third])
        {
            await Eventually.TrueAsync(async () =>
            {
                using var tab = ClientWithTheCookieOf(_client, edge);
                Assert.Equal(node, await tab.NegotiateAsync(edge.Address));
                return tab.SetCookie is not null;
            });
            await AssertPollsAsync(node, edge);
        }
    }

    [Fact]
    public async Task Node_ThatDrainsAndGoes_IsFollowedByAllEdges()
    {
        var node = await _client.NegotiateAsync(_one!.Address);
        Register("draining", _nodes.Single(one => one.Id == node));
        _redis!.Execute("PUBLISH", Prefix + "nodes", node);
        await Eventually.TrueAsync(async () =>
        {
            using var tab = ClientWithTheCookieOf(_client, _other!);
            return await tab.NegotiateAsync(_other!.Address) != node;
        });
        await AssertPollsAsync(node, _one, _other!);

        _redis.Execute("ZREM", Prefix + "{nodes}:leases", node);
        _redis.Execute("PUBLISH", Prefix + "nodes", node);

        await Eventually.TrueAsync(() => IsUnknownAsync(_one));
        await Eventually.TrueAsync(() => IsUnknownAsync(_other!));
        Assert.NotEqual(node, await _client.NegotiateAsync(_other!.Address));
    }

    [Fact]
    public async Task Cookie_OverHttps_IsForPagesOfOtherSites_Too()
    {
        var answer = await RawHttp.SendAsync(
            _other!.Address, "/signalr/chat/negotiate", ["X-Forwarded-Proto: https", "Content-Length: 0"], "POST");

        Assert.Matches("(?m)^Set-Cookie: chat-node=[A-Za-z0-9_-]{43}; path=/signalr; secure; samesite=none; httponly; Partitioned\r$", answer);
    }

    // A poll is cut off if its node fails in the middle of the answer.
    private async Task<bool> IsUnknownAsync(EdgeProcess edge)
    {
        try
        {
            return (await _client.PollAsync(edge.Address)).Status == 404;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task AssertPollsAsync(string node, params EdgeProcess[] edges)
    {
        foreach (var edge in edges)
        {
            Assert.Equal((200, node), await _client.PollAsync(edge.Address));
            Assert.Equal((200, node), await _client.SendAsync(edge.Address));
        }
    }

    private static HubRequests ClientWithTheCookieOf(HubRequests other, EdgeProcess edge)
    {
        var client = new HubRequests();
        client.SendCookie(edge.Address, other.Cookie(edge.Address) + "; path=/signalr");
        return client;
    }

    private Task<EdgeProcess> StartEdgeAsync(params (string Key, string Value)[] settings) =>
        EdgeProcess.StartAsync(_redis!.ConnectionString, [("Chat:Redis:Prefix", Prefix), .. settings]);

    private void Register(string state, params FakeNode[] nodes)
    {
        foreach (var node in nodes)
        {
            var json = JsonSerializer.Serialize(node.Node with { State = state }, JsonSerializerOptions.Web);
            _redis!.Execute("HSET", Prefix + "{nodes}:info", node.Id, json);
            _redis.Execute("ZADD", Prefix + "{nodes}:leases", "9999999999999", node.Id);
        }
    }
}
