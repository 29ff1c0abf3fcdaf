using System.Text;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>The hub requires a token, enforces its expiry, and accepts a new one of the same user.</summary>
public sealed class TokenTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // Long enough for clients to connect on a busy machine; the tests then wait for the expiry.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(6);

    private readonly string _anna = Unique("anna");

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.NegotiatedWebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Connecting_WithoutAValidToken_Is401(HubTransport transport)
    {
        string?[] tokens =
        [
            null,
            "no token",
            HubTestToken.Make(_anna, -Short),
            HubTestToken.Make(_anna, Short, key: new string('k', 48)),
            HubTestToken.Make(" no valid id", Short),
        ];
        foreach (var token in tokens)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(transport, () => token));
            Assert.Equal(401, refused.Status);
        }
    }

    [Fact]
    public async Task Connection_EndsWhenItsTokenExpires_UnlessItIsRefreshedWithOneOfTheSameUser()
    {
        var token = HubTestToken.Make(_anna, Short);
        await using var refreshed = await ConnectAsync(HubTransport.WebSockets, () => token);
        var answer = await refreshed.RefreshAsync(HubTestToken.Make(_anna, TimeSpan.FromMinutes(5)));
        Assert.InRange(answer.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        var ended = await Task.WhenAll(
            EndAsync(HubTransport.WebSockets, token), EndAsync(HubTransport.ServerSentEvents, token), EndAsync(HubTransport.LongPolling, token));

        Assert.Matches("token expired|4401", ended[0]); // the client may report the close message or the code of the close frame
        await refreshed.SendAsync(_anna, "still here");
        await refreshed.NextWhereAsync(next => next is { Name: "direct", Message: "still here" });
    }

    // An issuer may write é as one character or as two, and both are the same user (ChatId). Once the user's own token counted as another user's.
    [Theory]
    [InlineData(NormalizationForm.FormC)]
    [InlineData(NormalizationForm.FormD)]
    public async Task Refresh_OfAUserWithAnAccent_IsTheirs_HoweverTheNameIsWritten(NormalizationForm form)
    {
        var name = Unique("ren\u00e9");
        var token = HubTestToken.Make(name.Normalize(NormalizationForm.FormD), TimeSpan.FromMinutes(1));
        await using var rene = await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, name, HubTransport.WebSockets, new HubClientOptions { Token = () => token });

        var answer = await rene.RefreshAsync(HubTestToken.Make(name.Normalize(form), TimeSpan.FromMinutes(5)));

        Assert.InRange(answer.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Refresh_WithAnythingElse_IsRefused()
    {
        await using var anna = await ConnectAsync(HubTransport.WebSockets, () => HubTestToken.Make(_anna, TimeSpan.FromMinutes(1)));

        string[] tokens =
        [
            HubTestToken.Make(Unique("ben"), TimeSpan.FromMinutes(1)),
            HubTestToken.Make(_anna, -Short),
            HubTestToken.Make(_anna, TimeSpan.FromMinutes(1), key: new string('k', 48)),
            "",
        ];
        foreach (var token in tokens)
        {
            await Assert.ThrowsAsync<HubException>(() => anna.RefreshAsync(token));
        }

        await anna.SendAsync(_anna, "still here");
        Assert.Equal("still here", (await anna.NextAsync("direct")).Message);
    }

    private async Task<string> EndAsync(HubTransport transport, string token)
    {
        await using var anna = await ConnectAsync(transport, () => token);
        await anna.SendAsync(_anna, "still valid");
        return await anna.ClosedAsync();
    }

    private Task<HubDotNetClient> ConnectAsync(HubTransport transport, Func<string?> token) =>
        HubDotNetClient.ConnectAsync(Cluster.Edge.Address, _anna, transport, new HubClientOptions { Token = token });
}
