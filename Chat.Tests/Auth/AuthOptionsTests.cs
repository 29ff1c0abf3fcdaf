using Chat.Api.Auth;
using Xunit;

namespace Chat.Tests.Auth;

public sealed class AuthOptionsTests
{
    [Fact]
    public void InDevelopment_NothingNeedsToBeSet()
    {
        Assert.Empty(Errors(new AuthOptions(), "Development", out var options));
        Assert.Equal((false, true), (options.RequireToken, options.TokenEndpoint));
    }

    [Fact]
    public void OutsideDevelopment_OneKindOfKeyIsNeeded_AndBothSettingsAreNamed()
    {
        var error = Assert.Single(Errors(new AuthOptions { SecurityKey = "" }, "Production", out var options));

        Assert.Contains("Auth:SecurityKey", error, StringComparison.Ordinal);
        Assert.Contains("Auth:Authority", error, StringComparison.Ordinal);
        Assert.Equal((true, false), (options.RequireToken, options.TokenEndpoint));
    }

    [Fact]
    public void OutsideDevelopment_WhatIsSetWins()
    {
        Assert.Empty(Errors(new AuthOptions { SecurityKey = TestToken.Key, RequireToken = false, TokenEndpoint = true }, "Production", out var options));
        Assert.Equal((false, true), (options.RequireToken, options.TokenEndpoint));
    }

    [Fact]
    public void OutsideDevelopment_AnIssuerAloneSuffices() =>
        Assert.Empty(Errors(new AuthOptions { Authority = "https://id.example/tenant", Audience = "chat" }, "Production", out _));

    [Theory]
    [InlineData("0123456789012345678901234567890", 31)]
    [InlineData("ключ", 8)]
    public void Key_OfLessThan32Bytes_IsAnErrorThatDoesNotTellIt(string key, int bytes)
    {
        var error = Assert.Single(Errors(new AuthOptions { SecurityKey = key }, "Development", out _));

        Assert.StartsWith("Auth:SecurityKey must have 32 bytes or more; it has " + bytes, error, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherKey_MustBeAsLong_AndStandsBesideAKey()
    {
        Assert.StartsWith(
            "Auth:OtherSecurityKey must have 32 bytes or more; it has 5", Assert.Single(Errors(new AuthOptions { SecurityKey = TestToken.Key, OtherSecurityKey = "short" }, "Production", out _)),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Auth:OtherSecurityKey needs Auth:SecurityKey",
            Assert.Single(Errors(new AuthOptions { Authority = "https://id.example", Audience = "chat", OtherSecurityKey = TestToken.Key }, "Production", out _)), StringComparison.Ordinal);
        Assert.Empty(Errors(new AuthOptions { SecurityKey = TestToken.Key, OtherSecurityKey = "" }, "Production", out _));
    }

    [Fact]
    public void Key_Of32BytesInFewerCharacters_IsEnough() =>
        Assert.Empty(Errors(new AuthOptions { SecurityKey = "очень секретный ключ" }, "Production", out _));

    [Theory]
    [InlineData("id.example")]
    [InlineData("/tenant")]
    [InlineData("ftp://id.example")]
    [InlineData("https://id.example?tenant=1")]
    [InlineData("https://id.example#here")]
    public void Authority_ThatIsNoUrl_IsAnError(string authority) =>
        Assert.StartsWith("Auth:Authority must be an absolute https URL", Assert.Single(Errors(new() { Authority = authority, Audience = "chat" }, "Development", out _)), StringComparison.Ordinal);

    [Fact]
    public void Authority_WithoutTls_IsForDevelopmentOnly()
    {
        Assert.Empty(Errors(Settings(), "Development", out _));
        Assert.StartsWith("Auth:Authority must be https outside Development", Assert.Single(Errors(Settings(), "Production", out _)), StringComparison.Ordinal);

        static AuthOptions Settings() => new() { Authority = "http://localhost:9000", Audience = "chat" };
    }

    [Fact]
    public void Errors_AreToldAllAtOnceWithTheirSettings()
    {
        var options = new AuthOptions
        {
            Authority = "https://id.example",
            TokenEndpoint = true,
            UserClaim = "aud",
            ExpiresIn = 0,
            TokenBytes = 1,
            ClockSkew = TimeSpan.FromHours(1),
            KeyAge = TimeSpan.Zero,
            RefreshInterval = TimeSpan.Zero,
        };

        string[] settings = ["TokenEndpoint", "Authority", "UserClaim", "ExpiresIn", "TokenBytes", "ClockSkew", "KeyAge", "RefreshInterval"];
        Assert.Equal(settings.Select(setting => "Auth:" + setting), Errors(options, "Production", out _).Select(error => error.Split(' ')[0]));
    }

    private static string[] Errors(AuthOptions set, string environment, out AuthOptions options)
    {
        var host = new TestEnvironment(environment);
        new AuthDefaults(host).PostConfigure(null, set);
        options = set;
        return [.. new AuthOptionsValidator(host).Validate(null, set).Failures ?? []];
    }
}
