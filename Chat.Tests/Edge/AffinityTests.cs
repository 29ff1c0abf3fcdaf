using System.Net.WebSockets;
using Chat.Tests.Support;
using Edge.Proxy.Nodes;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Long polls and event streams return to their node. WebSockets go wherever there is room.</summary>
public sealed class AffinityTests : IAsyncLifetime, IDisposable
{
    private static readonly (int, string) Gone = (404, "No Connection with that ID");

    private readonly HubRequests _client = new();
    private FakeNode[] _nodes = [];
    private EdgeHost? _edge;

    public async Task InitializeAsync()
    {
        _nodes = await Task.WhenAll(FakeNode.StartAsync("one"), FakeNode.StartAsync("two"), FakeNode.StartAsync("three"));
        _edge = await EdgeHost.StartAsync(_nodes);
    }

    public async Task DisposeAsync()
    {
        await _edge!.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Requests_OfAConnection_ReachTheNodeThatNegotiated_AndConnectionsAreSpread()
    {
        List<string> chosen = [];
        for (var i = 0; i < 6; i++)
        {
            using var client = new HubRequests();
            var node = await client.NegotiateAsync(Edge);
            chosen.Add(node);
            for (var j = 0; j < 4; j++)
            {
                Assert.Equal((200, node), await client.PollAsync(Edge));
                Assert.Equal((200, node), await client.SendAsync(Edge));
            }
        }

        Assert.Equal(3, chosen.Distinct().Count());
    }

    [Fact]
    public async Task Cookie_OverHttp_IsOfThePathAndTheSite_AndTellsNoNode()
    {
        var node = await _client.NegotiateAsync(Edge);

        Assert.Matches("^chat-node=[A-Za-z0-9_-]{43}; path=/signalr; samesite=lax; httponly$", _client.SetCookie);
        Assert.DoesNotContain(node, _client.SetCookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Negotiation_OfASecondTab_StaysOnTheNodeOfTheFirst()
    {
        var node = await _client.NegotiateAsync(Edge);
        var first = _client.Id;

        Assert.Equal(node, await _client.NegotiateAsync(Edge));
        Assert.Null(_client.SetCookie);
        Assert.NotEqual(first, _client.Id);
        Assert.Equal((200, node), await _client.PollAsync(Edge));
    }

    [Fact]
    public async Task Node_ThatIsGone_EndsItsConnections_AndTheNextNegotiationGoesElsewhere()
    {
        var gone = await _client.NegotiateAsync(Edge);
        _edge!.Set(Except(gone));

        Assert.Equal(Gone, await _client.PollAsync(Edge));
        Assert.Equal(Gone, await _client.SendAsync(Edge));
        var other = await _client.NegotiateAsync(Edge);
        Assert.NotEqual(gone, other);
        Assert.NotNull(_client.SetCookie);
        Assert.Equal((200, other), await _client.PollAsync(Edge));
    }

    [Fact]
    public async Task Node_ThatIsDeadButListed_EndsItsConnections_AndTheNextNegotiationGoesElsewhere()
    {
        var dead = await _client.NegotiateAsync(Edge);
        await Node(dead).DisposeAsync();

        Assert.Equal(Gone, await _client.PollAsync(Edge));
        Assert.Equal(Gone, await _client.SendAsync(Edge));
        Assert.NotEqual(dead, await _client.NegotiateAsync(Edge));
        Assert.Equal(200, (await _client.PollAsync(Edge)).Status);
    }

    [Fact]
    public async Task Node_ThatDiesWhileItIsAsked_EndsItsConnections()
    {
        var dying = await _client.NegotiateAsync(Edge);
        Node(dying).Breaks = true;

        Assert.Equal(Gone, await _client.PollAsync(Edge));
        Assert.Equal(Gone, await _client.SendAsync(Edge));
    }

    [Fact]
    public async Task Node_ThatHangsUntilItsLeaseEnds_EndsItsPollsAndStreams()
    {
        var hanging = await _client.NegotiateAsync(Edge);
        Node(hanging).News = new TaskCompletionSource();
        await using var stream = await _client.StreamAsync(Edge);
        var poll = _client.PollAsync(Edge);
        await Eventually.TrueAsync(() => Node(hanging).Asked == 3);

        _edge!.Set(Except(hanging));

        Assert.Equal(Gone, await poll);
        await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null).WaitAsync(ChatClient.Deadline));
    }

    [Fact]
    public async Task Node_ThatDrains_KeepsItsConnections_AndGetsNoNewOnes()
    {
        var draining = await _client.NegotiateAsync(Edge);
        Node(draining).Healthy = false;
        _edge!.Set([.. _nodes.Select(node => node.Node with { State = node.Id == draining ? "draining" : "ready" })]);

        Assert.Equal((200, draining), await _client.PollAsync(Edge));
        Assert.Equal((200, draining), await _client.SendAsync(Edge));
        Assert.NotEqual(draining, await _client.NegotiateAsync(Edge));
        for (var i = 0; i < 6; i++)
        {
            Assert.NotEqual(draining, (await _edge.ConnectAsync(CancellationToken.None)).Node);
        }
    }

    [Fact]
    public async Task Nodes_ThatAllDrain_TakeNothingNew_AndKeepWhatTheyHave()
    {
        var node = await _client.NegotiateAsync(Edge);
        _edge!.Set([.. _nodes.Select(node => node.Node with { State = "draining" })]);

        Assert.Equal((200, node), await _client.PollAsync(Edge));
        using var answer = await _edge.Http.GetAsync("/api/auth/headers");
        Assert.Equal(503, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Negotiation_ThatANodeTurnsAway_GoesToAnother()
    {
        var full = await _client.NegotiateAsync(Edge);
        Node(full).TurnsAway = true;

        Assert.NotEqual(full, await _client.NegotiateAsync(Edge));
        Assert.NotNull(_client.SetCookie);
    }

    [Fact]
    public async Task Negotiation_OfANodeThatHangs_GoesToAnother()
    {
        await using var edge = await EdgeHost.StartAsync([("Edge:UpgradeTimeout", "00:00:01")], _nodes);
        var hanging = await _client.NegotiateAsync(edge.Address);
        Node(hanging).News = new TaskCompletionSource();

        Assert.NotEqual(hanging, await _client.NegotiateAsync(edge.Address));
    }

    [Fact]
    public async Task Poll_ThatOffersHttp2_IsAPoll()
    {
        await _client.NegotiateAsync(Edge);
        for (var i = 0; i < 3; i++)
        {
            var answer = await RawHttp.SendAsync(
                Edge,
                $"/signalr/chat?id={_client.Id}",
                ["Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "Cookie: " + _client.Cookie(Edge)]);

            Assert.Equal(200, RawHttp.Status(answer));
        }
    }

    [Fact]
    public async Task WebSockets_AreBalanced_WhateverTheCookieSays_AndSetNone()
    {
        await _client.NegotiateAsync(Edge);
        List<ClientWebSocket> sockets = [];
        List<string> nodes = [];
        for (var i = 0; i < 6; i++)
        {
            var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Cookie", _client.Cookie(Edge));
            await socket.ConnectAsync(ChatClient.Address(Edge, $"/signalr/chat?id={_client.Id}"), CancellationToken.None);
            Assert.False(socket.HttpResponseHeaders!.ContainsKey("Set-Cookie"));
            nodes.Add(socket.HttpResponseHeaders["X-Node"].Single());
            sockets.Add(socket);
        }

        Assert.All(_nodes, node => Assert.Equal(2, nodes.Count(id => id == node.Id)));
        sockets.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Cookie_OfNobody_EndsWhatClaimsToBeAConnection_AndIsReplaced(string value)
    {
        _client.SendCookie(Edge, $"chat-node={value}; path=/signalr");

        Assert.Equal(404, (await _client.PollAsync(Edge)).Status);
        var node = await _client.NegotiateAsync(Edge);
        Assert.NotNull(_client.SetCookie);
        Assert.Equal((200, node), await _client.PollAsync(Edge));
    }

    [Fact]
    public async Task Edges_WithTheSameConfiguredKey_UnderstandEachOther_OthersDoNot()
    {
        await using var first = await EdgeHost.StartAsync([("Edge:AffinityKey", "the same sixteen")], _nodes);
        await using var second = await EdgeHost.StartAsync([("Edge:AffinityKey", "the same sixteen")], _nodes);
        await using var other = await EdgeHost.StartAsync([("Edge:AffinityKey", "quite another one")], _nodes);

        var node = await _client.NegotiateAsync(first.Address);

        Assert.Equal((200, node), await _client.PollAsync(second.Address));
        Assert.Equal(Gone, await _client.PollAsync(other.Address));
    }

    [Fact]
    public async Task Upstream_HasNoAffinity()
    {
        await using var edge = await EdgeHost.StartWithUpstreamAsync(_nodes[0]);
        using var answer = await edge.Http.PostAsync("/signalr/chat/negotiate", null);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    private Uri Edge => _edge!.Address;

    private FakeNode Node(string id) => _nodes.Single(node => node.Id == id);

    private Node[] Except(string id) => [.. _nodes.Where(node => node.Id != id).Select(node => node.Node)];
}
