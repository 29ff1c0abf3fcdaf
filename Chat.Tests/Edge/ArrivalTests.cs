using System.Net;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Clients that all come at once are admitted a few at a time, and the others are told when to come back.</summary>
public sealed class ArrivalTests : IDisposable
{
    private const string Negotiate = "/signalr/chat/negotiate";

    // Only a failing test waits this long.
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Upgrades_BeyondThoseAtOnce_WaitForTheirTurn_AndTheRestIsToldToComeBack()
    {
        await using var node = await FakeNode.StartAsync("slow");
        await using var edge = await EdgeHost.StartAsync([("Edge:UpgradesAtOnce", "2"), ("Edge:UpgradesWaiting", "1")], node);
        node.News = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = Enumerable.Range(0, 6).Select(_ => PostAsync(edge)).ToList();

        // Two requests are at the node, and one waits for their places.
        for (var refused = 0; refused < 3; refused++)
        {
            var done = await Task.WhenAny(all).WaitAsync(_deadline.Token);
            all.Remove(done);
            await AssertToldToComeBackAsync(await done, HttpStatusCode.ServiceUnavailable, "more clients are connecting than this edge lets in");
        }

        Assert.InRange(node.Asked, 0, 2);
        node.News.SetResult();
        foreach (var answer in await Task.WhenAll(all).WaitAsync(_deadline.Token))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Upgrade_ThatGetsNoTurn_IsToldToComeBackInTheEnd()
    {
        await using var node = await FakeNode.StartAsync("hung");
        await using var edge = await EdgeHost.StartAsync([("Edge:UpgradesAtOnce", "1"), ("Edge:UpgradeTimeout", "00:00:20")], node);
        node.News = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        List<Task<HttpResponseMessage>> both = [PostAsync(edge), PostAsync(edge)];
        var first = await Task.WhenAny(both).WaitAsync(_deadline.Token);

        await AssertToldToComeBackAsync(await first, HttpStatusCode.ServiceUnavailable, "more clients are connecting");
        node.News.SetResult();
        both.Remove(first);
        Assert.Equal(HttpStatusCode.OK, (await both[0]).StatusCode);
    }

    [Fact]
    public async Task WebSockets_ThatAreOpen_TakeNobodysTurn()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync([("Edge:UpgradesAtOnce", "1"), ("Edge:UpgradesWaiting", "0")], node);

        for (var i = 0; i < 5; i++)
        {
            _ = await edge.ConnectAsync(_deadline.Token);
        }
    }

    [Fact]
    public async Task Connections_BeyondTheRate_AreToldToComeBack_AtDifferentTimes_AndAllElseGoesOn()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync([("Edge:ConnectionsPerSecond", "1")], node);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => PostAsync(edge)));

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        var refused = answers.Where(answer => answer.StatusCode != HttpStatusCode.OK).ToList();
        Assert.InRange(refused.Count, 20, 39);
        foreach (var answer in refused)
        {
            await AssertToldToComeBackAsync(answer, HttpStatusCode.ServiceUnavailable, "more clients are connecting");
        }

        Assert.True(refused.Select(answer => answer.Headers.RetryAfter!.Delta).Distinct().Count() > 1);
        using var other = await edge.Http.GetAsync("/api/nodes", _deadline.Token);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Connections_WithoutLimits_AreAllLetIn()
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync([("Edge:ConnectionsPerSecond", "0"), ("Edge:UpgradesAtOnce", "0")], node);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => PostAsync(edge)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Address_WithTooManyConnections_IsRefusedAlone_AndCannotPassItselfOffAsAnother(bool trustsProxy)
    {
        await using var node = await FakeNode.StartAsync("one");
        await using var edge = await EdgeHost.StartAsync(
            [("Edge:AddressConnectionsPerSecond", "1"), ("ForwardedHeaders_Enabled", $"{trustsProxy}")], node);

        var first = await PostAsync(edge, 60, "2001:db8::1");
        var neighbour = await PostAsync(edge, 8, "2001:db8::2"); // of the same network, which has used up the ten connections that it may open at once
        var other = await PostAsync(edge, 8, "2001:db9::1");

        var refused = first.Where(answer => answer.StatusCode != HttpStatusCode.OK).ToList();
        Assert.InRange(refused.Count, 20, 50);
        await AssertToldToComeBackAsync(refused[0], HttpStatusCode.TooManyRequests, "more connections are made from this address");
        Assert.Contains(neighbour, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(trustsProxy, other.All(answer => answer.StatusCode == HttpStatusCode.OK));
    }

    private Task<HttpResponseMessage[]> PostAsync(EdgeHost edge, int times, string forwardedFor) =>
        Task.WhenAll(Enumerable.Range(0, times).Select(_ => PostAsync(edge, forwardedFor)));

    private async Task<HttpResponseMessage> PostAsync(EdgeHost edge, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Negotiate);
        if (forwardedFor is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        }

        return await edge.Http.SendAsync(request, _deadline.Token);
    }

    private async Task AssertToldToComeBackAsync(HttpResponseMessage answer, HttpStatusCode status, string words)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        var body = await answer.Content.ReadAsStringAsync(_deadline.Token);
        Assert.Contains(words, body, StringComparison.Ordinal);
        Assert.Contains("\"retry\":true", body, StringComparison.Ordinal);
    }
}
