using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Pages of other origins are refused at the edge, unless they are in the list.</summary>
public sealed class OriginTests : IAsyncLifetime
{
    private const string Listed = "Origin: https://app.example.com";
    private const string Foreign = "Origin: https://evil.example";

    private FakeNode? _node;
    private EdgeHost? _edge;

    public async Task InitializeAsync()
    {
        _node = await FakeNode.StartAsync("one");
        _edge = await EdgeHost.StartAsync([("Edge:AllowedOrigins", "https://app.example.com, http://other.example:8080")], _node);
    }

    public async Task DisposeAsync()
    {
        await _edge!.DisposeAsync();
        await _node!.DisposeAsync();
    }

    [Theory]
    [InlineData]
    [InlineData(Listed)]
    [InlineData("Origin: http://other.example:8080")]
    [InlineData("Host: chat.example", "Origin: http://chat.example")]
    [InlineData("Host: chat.example", "Origin: https://chat.example")] // TLS ends before the edge
    [InlineData("Host: chat.example:443", "Origin: https://chat.example")]
    [InlineData("Host: CHAT.example:8443", "Origin: https://chat.example:8443")]
    [InlineData("Host: [::1]:8080", "Origin: http://[::1]:8080")]
    public async Task Page_OfTheSameHostOrListed_OrNoPageAtAll_MayConnect(params string[] headers)
    {
        Assert.Equal(101, RawHttp.Status(await RawHttp.SendAsync(_edge!.Address, "/chat/user/1", RawHttp.Upgrade(headers))));
        Assert.Equal(101, RawHttp.Status(await RawHttp.SendAsync(_edge.Address, "/signalr/chat", RawHttp.Upgrade(headers))));
        Assert.Equal(200, RawHttp.Status(await NegotiateAsync(headers)));
    }

    [Theory]
    [InlineData(Foreign)]
    [InlineData("Origin: null")]
    [InlineData("Origin:")]
    [InlineData("Origin: nonsense")]
    [InlineData(Listed, Listed)]
    [InlineData(Listed, Foreign)]
    [InlineData("Origin: https://app.example.com, https://app.example.com")]
    [InlineData("Origin: http://app.example.com")]
    [InlineData("Origin: https://app.example.com:8443")]
    [InlineData("Origin: https://app.example.com.evil.example")]
    [InlineData("Origin: https://evil.example/https://app.example.com")]
    [InlineData("Host: chat.example:8080", "Origin: http://chat.example")]
    [InlineData("Host: chat.example", "Origin: http://chat.example:8080")]
    [InlineData("Host: chat.example", "Origin: http://chat.example@evil.example")]
    [InlineData("Host: chat.example", "Origin: ftp://chat.example")]
    public async Task Page_FromElsewhere_IsRefused_AndToldTheSetting(params string[] headers)
    {
        var asked = _node!.Asked;
        string[] answers =
        [
            await RawHttp.SendAsync(_edge!.Address, "/chat/user/1", RawHttp.Upgrade(headers)),
            await RawHttp.SendAsync(_edge.Address, "/signalr/chat", RawHttp.Upgrade(headers)),
            await RawHttp.SendAsync(_edge.Address, "/anything", RawHttp.Upgrade(headers)),
            await RawHttp.SendAsync(_edge.Address, "/signalr/chat?id=1", headers),
            await NegotiateAsync(headers),
            await PreflightAsync("/signalr/chat/negotiate", headers),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal(403, RawHttp.Status(answer));
            Assert.Contains("Edge:AllowedOrigins", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Access-Control", answer, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Equal(asked, _node.Asked);
    }

    [Theory]
    [InlineData("/signalr/chat/negotiate?negotiateVersion=1")]
    [InlineData("/api/auth/token")]
    public async Task Preflight_OfAListedPage_IsAnsweredByTheEdge(string target)
    {
        var answer = await PreflightAsync(target, Listed);

        Assert.Equal(204, RawHttp.Status(answer));
        Assert.Equal("https://app.example.com", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Header(answer, "Access-Control-Allow-Credentials"));
        Assert.Contains("POST", Header(answer, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        foreach (var header in (string[])["authorization", "content-type", "x-requested-with", "x-signalr-user-agent"])
        {
            Assert.Contains(header, Header(answer, "Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain("X-Node", answer.Split("Access-Control-")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/signalr/chat?id=nobody", 404)] // errors as well, so that a page can read what went wrong
    [InlineData("/api/auth/headers", 200)]
    public async Task Answer_ToAListedPage_CanBeReadByIt(string target, int status)
    {
        var answer = await RawHttp.SendAsync(_edge!.Address, target, [Listed]);

        Assert.Equal(status, RawHttp.Status(answer));
        Assert.Equal("https://app.example.com", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Answer_OfTheApi_CannotBeReadByAPageFromElsewhere() =>
        Assert.DoesNotContain("Access-Control-Allow", await RawHttp.SendAsync(_edge!.Address, "/api/auth/headers", [Foreign]), StringComparison.OrdinalIgnoreCase);

    private Task<string> NegotiateAsync(params string[] headers) =>
        RawHttp.SendAsync(_edge!.Address, "/signalr/chat/negotiate?negotiateVersion=1", [.. headers, "Content-Length: 0"], "POST");

    private Task<string> PreflightAsync(string target, params string[] headers) => RawHttp.SendAsync(
        _edge!.Address,
        target,
        [.. headers, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,x-requested-with,x-signalr-user-agent"],
        "OPTIONS");

    private static string Header(string answer, string name) =>
        answer.Split("\r\n").Single(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];
}
