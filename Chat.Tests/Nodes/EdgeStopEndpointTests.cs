using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Chat.Tests.Support;
using ServiceDefaults.Nodes;
using Xunit;

namespace Chat.Tests.Nodes;

/// <summary>Two nodes, of which an edge can reach only one, as where a platform balances between them.</summary>
public sealed class EdgeStopCluster() : NodeClusterFixture(nodes: 2, persists: false, ("Chat:Connections:DrainTime", "00:00:00"))
{
    protected override bool IsBroken => false;
}

public sealed class EdgeStopEndpointTests(EdgeStopCluster fixture) : IClassFixture<EdgeStopCluster>, IDisposable
{
    private readonly CancellationTokenSource _deadline = new(ChatClient.Deadline); // only a failing test waits this long

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Node_ToldThatAnEdgeStops_EndsItsConnections_AndTellsTheOthersToDoSo_AndTouchesNobodyElses()
    {
        var (edge, other) = (EdgeStop.NewId(), EdgeStop.NewId());
        using var here = await ConnectAsync(0, edge);
        using var there = await ConnectAsync(1, edge);
        using var elsewhere = await ConnectAsync(1, other);
        using var direct = await ConnectAsync(0, edge: null);

        Assert.Equal(HttpStatusCode.NoContent, await TellAsync(edge));

        Assert.Equal((1012, "edge draining"), await ClosedAsync(here));
        Assert.Equal((1012, "edge draining"), await ClosedAsync(there));
        using var late = await ConnectAsync(0, edge); // this connection was on its way
        Assert.Equal((1012, "edge draining"), await ClosedAsync(late));
        foreach (var socket in (ClientWebSocket[])[elsewhere, direct])
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", _deadline.Token);
            Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("UPPERCASEUPPERCASEUPPERCAS")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0")]
    public async Task Node_ToldWhatIsNoEdgesId_SaysSo(string? edge) => Assert.Equal(HttpStatusCode.BadRequest, await TellAsync(edge));

    /// <summary>A client that polls may come through another edge each time.</summary>
    [Fact]
    public async Task Poll_ThroughAStoppingEdge_IsEnded_AndOneThatOnlyBeganThereGoesOn()
    {
        var (first, second) = (EdgeStop.NewId(), EdgeStop.NewId());
        var token = await HubToken.FetchAsync(fixture.Cluster.Nodes[0].Address, "poller");
        using var negotiated = JsonDocument.Parse(await HubAsync(HttpMethod.Post, "/negotiate?negotiateVersion=1", first, token));
        var id = $"?id={negotiated.RootElement.GetProperty("connectionToken").GetString()}";
        await HubAsync(HttpMethod.Get, id, first, token);
        await HubAsync(HttpMethod.Post, id, first, token, """{"protocol":"json","version":1}""");
        await UntilPolledAsync("{}", id, second, token);

        await TellAsync(first);
        await HubAsync(HttpMethod.Post, id, first, token, """{"type":1,"invocationId":"1","target":"unsubscribe","arguments":[{"group":"none"}]}""");
        await UntilPolledAsync("\"type\":3", id, second, token);
        var poll = UntilPolledAsync("\"type\":7", id, second, token);
        await TellAsync(second);

        var last = await poll;
        Assert.Contains("edge draining", last, StringComparison.Ordinal);
        Assert.Contains("\"allowReconnect\":true", last, StringComparison.Ordinal);
    }

    private async Task<string> UntilPolledAsync(string text, string id, string edge, string token)
    {
        while (true)
        {
            if (await HubAsync(HttpMethod.Get, id, edge, token) is var polled && polled.Contains(text, StringComparison.Ordinal))
            {
                return polled;
            }
        }
    }

    private async Task<string> HubAsync(HttpMethod method, string query, string edge, string token, string record = "")
    {
        using var request = new HttpRequestMessage(method, HubClient.Path + query)
        {
            Headers = { { EdgeStop.Header, edge }, { "Authorization", $"Bearer {token}" } },
            Content = method == HttpMethod.Post ? new StringContent(record.Length == 0 ? "" : record + "\u001e") : null,
        };
        using var answer = await fixture.Cluster.Nodes[0].Http.SendAsync(request, _deadline.Token);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(_deadline.Token);
    }

    // With the header that only an edge sets, as if a client had made an edge pass it on.
    private async Task<HttpStatusCode> TellAsync(string? edge)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, EdgeStop.Path) { Headers = { { EdgeStop.Header, EdgeStop.NewId() } } };
        if (edge is not null)
        {
            request.Headers.TryAddWithoutValidation(EdgeStop.StoppedHeader, edge);
        }

        using var answer = await fixture.Cluster.Nodes[0].Http.SendAsync(request, _deadline.Token);
        return answer.StatusCode;
    }

    private async Task<ClientWebSocket> ConnectAsync(int node, string? edge)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader(EdgeStop.Header, edge);
        await socket.ConnectAsync(ChatClient.Address(fixture.Cluster.Nodes[node].Address, $"/chat/user/{Guid.NewGuid():N}"), _deadline.Token);
        return socket;
    }

    private async Task<(int Code, string? Reason)> ClosedAsync(ClientWebSocket socket)
    {
        await socket.ReceiveAsync(new byte[1], _deadline.Token);
        return ((int)socket.CloseStatus!, socket.CloseStatusDescription);
    }
}
