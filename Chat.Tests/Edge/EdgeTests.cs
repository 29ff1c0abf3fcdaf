using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>The edge over real sockets, in front of nodes that only echo.</summary>
public sealed class EdgeTests : IDisposable
{
    // Only a failing test waits this long.
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task WebSocket_ThroughTheEdge_EchoesAndNamesItsNode()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(node);

        var (socket, id) = await edge.ConnectAsync(_deadline.Token);

        Assert.Equal("one", id);
        Assert.Equal("hello", await EchoAsync(socket, "hello"));
    }

    [Fact]
    public async Task Connections_AreSpreadOverTheNodes()
    {
        await using var one = await FakeNode.StartAsync("one");
        await using var two = await FakeNode.StartAsync("two");
        await using var edge = await EdgeHost.StartAsync(one, two);

        List<string> nodes = [];
        for (var i = 0; i < 6; i++)
        {
            nodes.Add((await edge.ConnectAsync(_deadline.Token)).Node);
        }

        Assert.Equal(3, nodes.Count(id => id == "one"));
    }

    [Fact]
    public async Task Failover_WhenANodeRefuses_TheNextOneAnswersAndTheFirstIsLeftAlone()
    {
        var dead = await FakeNode.StartAsync("dead");
        await using var alive = await FakeNode.StartAsync("alive");
        await using var edge = await EdgeHost.StartAsync(dead, alive);
        await dead.DisposeAsync();

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("alive", (await edge.ConnectAsync(_deadline.Token)).Node);
            using var posted = await edge.Http.PostAsJsonAsync("/api/auth/post", "body", _deadline.Token);
            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        }
    }

    [Fact]
    public async Task Failover_WhenANodeTurnsAWebSocketAway_AnotherTakesIt()
    {
        await using var draining = await FakeNode.StartAsync("draining");
        await using var ready = await FakeNode.StartAsync("ready");
        await using var edge = await EdgeHost.StartAsync(draining, ready);
        draining.TurnsAway = true;

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("ready", (await edge.ConnectAsync(_deadline.Token)).Node);
        }

        Assert.True(draining.Asked > 0);
    }

    [Fact]
    public async Task Failover_WhenAllTurnAway_TheClientGetsTheLastAnswer()
    {
        await using var one = await FakeNode.StartAsync("one");
        await using var two = await FakeNode.StartAsync("two");
        await using var edge = await EdgeHost.StartAsync(one, two);
        one.TurnsAway = two.TurnsAway = true;

        using var answer = await edge.Http.GetAsync("/chat/user/1", _deadline.Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("draining", await answer.Content.ReadAsStringAsync(_deadline.Token));
        Assert.Equal(2, one.Asked + two.Asked);
        Assert.Single(answer.Headers.GetValues("X-Node"));
    }

    /// <summary>With Redis away every node answers 503. Asking all of them for each client would multiply the load.</summary>
    [Fact]
    public async Task Failover_WhenManyTurnAway_AsksAFewOfThem()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => FakeNode.StartAsync($"node{i}")));
        await using var edge = await EdgeHost.StartAsync(nodes);
        foreach (var node in nodes)
        {
            node.TurnsAway = true;
        }

        using var answer = await edge.Http.GetAsync("/chat/user/1", _deadline.Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(3, nodes.Sum(node => node.Asked));
        await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task NoNodeAlive_Answers503WithRetryAfterAtOnce(int deadNodes)
    {
        List<FakeNode> nodes = [];
        for (var i = 0; i < deadNodes; i++)
        {
            nodes.Add(await FakeNode.StartAsync($"dead{i}"));
        }

        await using var edge = await EdgeHost.StartAsync([.. nodes]);
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        using var answer = await edge.Http.GetAsync("/api/nodes", _deadline.Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("no chat node", await answer.Content.ReadAsStringAsync(_deadline.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_OutsideTheThreePrefixes_Are404()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(node);

        using var answer = await edge.Http.GetAsync("/elsewhere", _deadline.Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.False(answer.Headers.Contains("X-Node"));
    }

    [Fact]
    public async Task ForwardedHeaders_TellTheNodeWhoAsked()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(node);

        var headers = await edge.Http.GetFromJsonAsync<Dictionary<string, string>>("/api/auth/headers", _deadline.Token);

        Assert.Equal("127.0.0.1", headers!["X-Forwarded-For"]);
        Assert.Equal("http", headers["X-Forwarded-Proto"]);
        Assert.Equal(edge.Address.Authority, headers["Host"]);
    }

    /// <summary>A browser with such a cookie once got 502 for every request.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Headers_BeyondAscii_ReachTheNodeAsTheyCame(bool isUpstream)
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = isUpstream ? await EdgeHost.StartWithUpstreamAsync(node) : await EdgeHost.StartAsync(node);
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(edge.Address, "/api/auth/headers"));
        request.Headers.TryAddWithoutValidation("Cookie", "name=José; other=张伟");

        using var answer = await http.SendAsync(request, _deadline.Token);

        Assert.Equal("name=José; other=张伟", (await answer.Content.ReadFromJsonAsync<Dictionary<string, string>>(_deadline.Token))!["Cookie"]);
    }

    /// <summary>A client that knew the edge's id could once have the edge's connections closed.</summary>
    [Fact]
    public async Task EdgesId_IsTheEdgesOwn_WhateverAClientPutsInItsPlace_AndOnlyNodesSeeIt()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(node);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/auth/headers") { Headers = { { "X-Edge", ["abcdefghijklmnopqrstuvwxyz", "another"] } } };

        using var answer = await edge.Http.SendAsync(request, _deadline.Token);

        var headers = await answer.Content.ReadFromJsonAsync<Dictionary<string, string>>(_deadline.Token);
        Assert.Matches("^[a-z0-9]{26}$", headers!["X-Edge"]);
        Assert.NotEqual("abcdefghijklmnopqrstuvwxyz", headers["X-Edge"]);
        Assert.DoesNotContain(answer.Headers, header => header.Value.Contains(headers["X-Edge"]));
    }

    [Fact]
    public async Task Upstream_ReplacesTheRegistry()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartWithUpstreamAsync(node);

        using var answer = await edge.Http.PostAsJsonAsync("/api/auth/post", "body", _deadline.Token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Client_ThatVanishes_IsGoneForItsNodeToo()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(node);
        var (socket, _) = await edge.ConnectAsync(_deadline.Token);

        socket.Abort();

        await node.Closed.WaitAsync(_deadline.Token);
    }

    [Fact]
    public async Task Stop_WithOpenWebSockets_WhoseNodeCannotEndThem_TakesNoTime()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync([("Edge:StopDelay", "00:00:00")], node);
        var (socket, _) = await edge.ConnectAsync(_deadline.Token);
        var watch = Stopwatch.StartNew();

        await edge.StopAsync();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4), $"took {watch.Elapsed}");
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], _deadline.Token));
        await node.Closed.WaitAsync(_deadline.Token);
    }

    private async Task<string> EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _deadline.Token);
        var buffer = new byte[1024];
        var received = await socket.ReceiveAsync(buffer, _deadline.Token);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
