using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Pages that a developer's own machine serves: allowed in Development only.</summary>
public sealed class LoopbackOriginTests : IAsyncLifetime
{
    private FakeNode? _node;
    private EdgeHost? _edge;

    public async Task InitializeAsync()
    {
        _node = await FakeNode.StartAsync("one");
        _edge = await EdgeHost.StartInDevelopmentAsync(_node);
    }

    public async Task DisposeAsync()
    {
        await _edge!.DisposeAsync();
        await _node!.DisposeAsync();
    }

    [Theory]
    [InlineData("http://localhost:3000")]
    [InlineData("http://localhost")]
    [InlineData("https://LOCALHOST:5173")]
    [InlineData("http://127.0.0.1:3000")]
    [InlineData("http://127.1.2.3:3000")]
    [InlineData("http://[::1]:3000")]
    public async Task Page_OfThisMachine_InDevelopment_Connects_AndReadsTheAnswers(string origin)
    {
        var negotiated = await NegotiateAsync(_edge!, origin);
        var preflight = await RawHttp.SendAsync(
            _edge!.Address, "/signalr/chat/negotiate", [$"Origin: {origin}", "Access-Control-Request-Method: POST"], "OPTIONS");

        Assert.Equal(101, await UpgradeAsync(_edge!, origin));
        Assert.Equal((200, 204), (RawHttp.Status(negotiated), RawHttp.Status(preflight)));
        Assert.All([negotiated, preflight], answer =>
        {
            Assert.Contains($"Access-Control-Allow-Origin: {origin}\r\n", answer, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("Access-Control-Allow-Credentials: true", answer, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData("http://localhost.evil.example:3000")]
    [InlineData("http://127.0.0.1.evil.example")]
    [InlineData("http://evil.example")]
    [InlineData("http://loopback")]
    [InlineData("http://128.0.0.1:3000")]
    [InlineData("ftp://localhost")]
    [InlineData("null")]
    public async Task Page_FromElsewhere_InDevelopment_IsRefused(string origin)
    {
        Assert.Equal(403, await UpgradeAsync(_edge!, origin));
        Assert.Equal(403, RawHttp.Status(await NegotiateAsync(_edge!, origin)));
    }

    [Fact]
    public async Task Page_OfThisMachine_OutsideDevelopment_IsRefused()
    {
        await using var edge = await EdgeHost.StartAsync(_node!);

        Assert.Equal(403, await UpgradeAsync(edge, "http://localhost:3000"));
        Assert.Equal(403, RawHttp.Status(await NegotiateAsync(edge, "http://127.0.0.1:3000")));
    }

    private static async Task<int> UpgradeAsync(EdgeHost edge, string origin) =>
        RawHttp.Status(await RawHttp.SendAsync(edge.Address, "/chat/user/1", RawHttp.Upgrade($"Origin: {origin}")));

    private static Task<string> NegotiateAsync(EdgeHost edge, string origin) =>
        RawHttp.SendAsync(edge.Address, "/signalr/chat/negotiate?negotiateVersion=1", [$"Origin: {origin}", "Content-Length: 0"], "POST");
}
