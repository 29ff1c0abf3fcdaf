using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>What is left of a request whose token is in its URL.</summary>
public sealed class QueryTokenTests : IAsyncLifetime
{
    private WebApplication? _app;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddQueryTokens();
        _app = builder.Build();
        _app.Run(http =>
        {
            http.Response.Headers["X-Id"] = $"[{HubConnectionId.Of(http)}]";
            return http.Response.WriteAsync(
                $"<{http.Request.QueryString}> <{http.Features.Get<IHttpRequestFeature>()!.RawTarget}> <{http.Request.Headers.Authorization}>");
        });
        await _app.StartAsync();
    }

    public async Task DisposeAsync() => await _app!.DisposeAsync();

    [Theory]
    [InlineData("/signalr/chat?access_token=a.b-c_d", "", "Bearer a.b-c_d")]
    [InlineData("/chat/user/1?format=json&access_token=abc&since=x:0", "?format=json&since=x:0", "Bearer abc")]
    [InlineData("/SignalR/chat?x=1&access_token=abc", "?x=1", "Bearer abc")]
    [InlineData("/signalr/chat?Access%5FToken=abc&x=1", "?x=1", "Bearer abc")]
    [InlineData("/signalr/chat?%61%63%63%65%73%73_token=a%2Eb", "", "Bearer a.b")]
    [InlineData("/signalr/chat?access_token=abc&access_token=abc", "", "Bearer abc")]
    public async Task Token_BecomesAHeader(string target, string query, string header) =>
        Assert.Equal((query, header), await SendAsync(target));

    [Theory]
    [InlineData("/signalr/chat?access_token=one&x=1&ACCESS_TOKEN=two", "?x=1")] // ambiguous, so there is none
    [InlineData("/signalr/chat?access_token=", "")]
    [InlineData("/signalr/chat?access_token", "")]
    [InlineData("/signalr/chat?access_token=a%0D%0AX-Node:%20b", "")]
    [InlineData("/signalr/chat?access_token=a%20b", "")]
    [InlineData("/signalr/chat?access_token=%C3%A4", "")]
    [InlineData("/signalr/chat?access_token=%ZZ%", "")]
    [InlineData("/api/nodes?access_token=abc", "")]
    [InlineData("/?a=1&access_token=abc", "?a=1")]
    [InlineData("/signalr?access_token=abc", "")]
    public async Task Token_ThatCannotBeOne_OrIsNotWantedThere_IsDropped(string target, string query) =>
        Assert.Equal((query, ""), await SendAsync(target));

    /// <summary>Such a request once ended its connection, and everything else on it, with a stack trace in the log.</summary>
    [Fact]
    public void Connect_OfHttp2_WhichHasNeitherPathNorQuery_IsARequestAsAnyOther()
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature { Method = "CONNECT", Path = null!, QueryString = null!, RawTarget = "example.com:443" });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());

        Assert.Equal("", _app!.Services.GetRequiredService<IHttpContextFactory>().Create(features).Request.Path.ToString());
    }

    [Theory]
    [InlineData("/signalr/chat?x=a%20b&access_tokens=1&my_access_token=2", "?x=a%20b&access_tokens=1&my_access_token=2")]
    [InlineData("/signalr/chat?&&=&%", "?&&=&%")]
    public async Task Query_WithoutAToken_StaysAsItIs(string target, string query) =>
        Assert.Equal((query, ""), await SendAsync(target));

    [Theory]
    [InlineData("/signalr/chat?id=a-b_c", "", "a-b_c")]
    [InlineData("/signalr/chat?x=1&ID=abc&access_token=t", "?x=1", "abc")]
    [InlineData("/signalr/chat?id=one&id=two", "", "")] // ambiguous, so there is none
    [InlineData("/signalr/chat?id=a%0D%0Ab", "", "")]
    [InlineData("/chat/user/1?id=abc", "?id=abc", "")] // not of a hub connection
    public async Task ConnectionId_OfAHub_BecomesAHeader(string target, string query, string header)
    {
        var answer = await RawHttp.SendAsync(new Uri(_app!.Urls.Single()), target);
        Assert.Contains($"<{query}> ", answer, StringComparison.Ordinal);
        Assert.Contains($"X-Id: [{header}]", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_InTheHeader_IsPreferred() =>
        Assert.Equal(("", "Bearer header"), await SendAsync("/signalr/chat?access_token=query", "Authorization: Bearer header"));

    [Fact]
    public async Task Token_OverTheServersLimit_IsRefused() =>
        Assert.Equal(414, RawHttp.Status(await RawHttp.SendAsync(new Uri(_app!.Urls.Single()), "/signalr/chat?access_token=" + new string('x', 9000))));

    [Fact]
    public async Task Token_OnAConnectionThatIsReused_IsEachRequestsOwn()
    {
        using var http = new HttpClient { BaseAddress = new Uri(_app!.Urls.Single()) };

        Assert.Equal("<> </signalr/chat> <Bearer one>", await http.GetStringAsync("signalr/chat?access_token=one"));
        Assert.Equal("<> </signalr/chat> <Bearer one>", await http.GetStringAsync("signalr/chat?access_token=one"));
        Assert.Equal("<> </signalr/chat> <>", await http.GetStringAsync("signalr/chat"));
    }

    private async Task<(string Query, string Authorization)> SendAsync(string target, params string[] headers)
    {
        var answer = await RawHttp.SendAsync(new Uri(_app!.Urls.Single()), target, headers);
        Assert.Equal(200, RawHttp.Status(answer));
        var parts = answer[answer.IndexOf('<', StringComparison.Ordinal)..(answer.LastIndexOf('>') + 1)][1..^1].Split("> <");
        Assert.Equal(target.Split('?')[0] + parts[0], parts[1]);
        return (parts[0], parts[2]);
    }
}
