using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>A whole node that accepts an issuer's tokens and its own.</summary>
public sealed class IssuerNodeTests
{
    [Fact]
    public async Task Node_TakesTheIssuersTokens_ThroughAChangeOfKeysAndWhileItIsAway()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, new Dictionary<string, string>
        {
            ["Auth:Authority"] = issuer.Authority,
            ["Auth:Audience"] = "chat",
            ["Auth:SecurityKey"] = TestToken.Key,
            ["Auth:RequireToken"] = "true",
            ["Auth:RefreshInterval"] = "00:00:01",
        });

        issuer.IsAway = true;
        Assert.Equal(401, await StatusAsync(Issuers()));
        var own = await node.Http.GetStringAsync("api/auth/token?nick=anna");
        Assert.Equal(101, await StatusAsync(own));

        issuer.IsAway = false;
        await Eventually.TrueAsync(async () => await StatusAsync(Issuers()) == 101);

        issuer.Rotate("key-2");
        await Eventually.TrueAsync(async () => await StatusAsync(Issuers()) == 101);

        await issuer.DisposeAsync();
        Assert.Equal(101, await StatusAsync(Issuers()));
        Assert.Equal(401, await StatusAsync(TestToken.For("anna"))); // not for this audience
        Assert.DoesNotContain(own, node.Output, StringComparison.Ordinal);

        string Issuers() => issuer.Token(issuer.Claims("anna", DateTimeOffset.UtcNow.AddHours(1)));

        async Task<int> StatusAsync(string token)
        {
            try
            {
                await using var client = await ChatClient.ConnectAsync(node.Address, "/chat/user/anna", token);
                return 101;
            }
            catch (RefusedException refused)
            {
                return refused.Status;
            }
        }
    }
}
