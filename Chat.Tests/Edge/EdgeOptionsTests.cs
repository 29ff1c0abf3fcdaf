using Edge.Proxy.Affinity;
using Edge.Proxy.Origins;
using Edge.Proxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Edge;

public sealed class EdgeOptionsTests
{
    [Fact]
    public void Defaults_AreValid() => Assert.Empty(Read().AllowedOrigins);

    [Theory]
    [InlineData("Edge:AllowedOrigins=https://a.example,http://b.example:8080")]
    [InlineData("Edge:AllowedOrigins= https://A.example:443 , http://b.example:8080,")]
    [InlineData("Edge:AllowedOrigins:0=https://a.example", "Edge:AllowedOrigins:1=http://b.example:8080")]
    [InlineData("Edge:AllowedOrigins=https://a.example", "Edge:AllowedOrigins:0=http://b.example:8080,https://a.example")]
    public void AllowedOrigins_AreAListOrKeys(params string[] settings) =>
        Assert.Equal(["https://a.example", "http://b.example:8080"], Read(settings).AllowedOrigins);

    [Theory]
    [InlineData("https://app.example.com", "https://app.example.com")]
    [InlineData("HTTPS://App.Example.com:443", "https://app.example.com")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080")]
    [InlineData("https://b\u00fccher.example", "https://xn--bcher-kva.example")]
    [InlineData("capacitor://localhost", "capacitor://localhost")]
    [InlineData("app.example.com", null)]
    [InlineData("*", null)]
    [InlineData("null", null)]
    [InlineData("https://*.example.com", null)]
    [InlineData("https://app.example.com/", null)]
    [InlineData("https://app.example.com/path", null)]
    [InlineData("https://app.example.com?x", null)]
    [InlineData("https://me@app.example.com", null)]
    [InlineData("https://", null)]
    [InlineData("file:///", null)]
    public void Origin_IsSchemeHostAndPort_AndNothingElse(string text, string? expected)
    {
        Assert.Equal(expected is not null, Origin.TryNormalize(text, out var origin));
        Assert.Equal(expected, origin);
    }

    [Fact]
    public void Errors_AreToldAllAtOnceWithTheirSettings()
    {
        var invalid = Assert.Throws<OptionsValidationException>(() => Read(
            "ConnectionStrings:redis=",
            "Edge:UpgradeTimeout=00:00:00",
            "Edge:Connections=0",
            "Edge:Attempts=0",
            "Edge:PollInterval=00:00:11",
            "Edge:RequestBodyBytes=1",
            "Edge:AffinityKey=fifteen letters",
            "Edge:AllowedOrigins=https://good.example,https://*.example,elsewhere"));

        Assert.Collection(
            invalid.Failures,
            failure => Assert.StartsWith("ConnectionStrings:redis", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Edge:UpgradeTimeout", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Edge:Connections", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Edge:Attempts", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Edge:PollInterval", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Edge:RequestBodyBytes", failure, StringComparison.Ordinal),
            failure => Assert.True(failure.StartsWith("Edge:AffinityKey", StringComparison.Ordinal) && !failure.Contains("fifteen", StringComparison.Ordinal)),
            failure => Assert.Contains("'https://*.example'", failure, StringComparison.Ordinal),
            failure => Assert.Contains("'elsewhere'", failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Edge:ConnectionsPerSecond", "-1", "1000001")]
    [InlineData("Edge:AddressConnectionsPerSecond", "-1", "1000001")]
    [InlineData("Edge:UpgradesAtOnce", "-1", "1000001")]
    [InlineData("Edge:UpgradesWaiting", "-1", "1000001")]
    [InlineData("Edge:HeaderTimeout", "00:00:00.9", "00:02:01")]
    [InlineData("Edge:KeepAliveTimeout", "00:00:04", "01:00:01")]
    [InlineData("Edge:BodyBytesPerSecond", "-1", "1048577")]
    [InlineData("Edge:StopDelay", "-00:00:01", "00:00:11")]
    public void Setting_BeyondItsBounds_IsTold(string setting, string tooLittle, string tooMuch)
    {
        foreach (var value in (string[])[tooLittle, tooMuch])
        {
            var invalid = Assert.Throws<OptionsValidationException>(() => Read($"{setting}={value}"));
            Assert.StartsWith(setting, Assert.Single(invalid.Failures), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Cookie_OfALongGoneKey_IsForgotten()
    {
        var cookie = new NodeCookie(Options.Create(new EdgeOptions()));
        var first = cookie.Of("node");
        foreach (var key in (string[])["second", "third"])
        {
            cookie.Use(key);
            Assert.True(cookie.Names(first, "node"));
            Assert.False(cookie.Names(first, "other"));
        }

        cookie.Use("fourth");
        Assert.False(cookie.Names(first, "node"));
        Assert.True(cookie.Names(cookie.Of("node"), "node"));
    }

    private static EdgeOptions Read(params string[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Prepend("ConnectionStrings:redis=localhost:6379")
            .Select(setting => setting.Split('=', 2)).GroupBy(pair => pair[0], pair => pair[1])
            .Select(key => KeyValuePair.Create(key.Key, (string?)key.Last())));
        builder.AddEdge();
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<EdgeOptions>>().Value;
    }
}
