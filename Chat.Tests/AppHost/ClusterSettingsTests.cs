using AppHost;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Chat.Tests.AppHost;

public class ClusterSettingsTests
{
    [Fact]
    public void Settings_WhenNothingIsSet_AreThreeNodesOnPort8080()
    {
        var settings = Read([]);

        Assert.Empty(settings.Problems);
        Assert.Equal((3, 8080, null, false), (settings.Replicas, settings.EdgePort, settings.Redis.External, settings.Redis.Persist));
    }

    [Fact]
    public void EdgePort_WhenZero_MeansAnyFreePort() => Assert.Null(Read(new() { ["EdgePort"] = "0" }).PublicPort);

    [Theory]
    [InlineData("Replicas", "0")]
    [InlineData("Replicas", "101")]
    [InlineData("Replicas", "abc")]
    [InlineData("Replicas", "-1")]
    [InlineData("Edges", "0")]
    [InlineData("EdgePort", "99999")]
    [InlineData("EdgePort", "8080x")]
    [InlineData("Sample", "yes")]
    [InlineData("Redis:Server", "valkey")]
    [InlineData("Redis:Persist", "yes")]
    [InlineData("Redis:Port", "65536")]
    [InlineData("Redis:Memory", "2t")]
    [InlineData("Redis:Memory", "m")]
    [InlineData("Redis:Memory", "10m")]
    [InlineData("ConnectionStrings:redis", "localhost:nonsense")]
    [InlineData("ConnectionStrings:redis", "ssl=true,password=x")]
    public void Settings_WhenOneIsWrong_NameItInOneLine(string key, string value)
    {
        var problem = Assert.Single(Read(new() { [key] = value }).Problems);

        Assert.Contains(key, problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
    }

    [Fact]
    public void Settings_WhenSeveralAreWrong_NameThemAll() =>
        Assert.Equal(2, Read(new() { ["Replicas"] = "0", ["EdgePort"] = "-5" }).Problems.Count);

    [Theory]
    [InlineData("localhost", "localhost", 6379)]
    [InlineData("10.0.0.1:7000,ssl=true", "10.0.0.1", 7000)]
    [InlineData("[::1]:6380", "::1", 6380)]
    [InlineData("password=x, cache.example:6379", "cache.example", 6379)]
    public void ConnectionString_NamesItsFirstEndpoint(string text, string host, int port) =>
        Assert.Equal((host, port), RedisProbe.EndpointOf(text));

    private static ClusterSettings Read(Dictionary<string, string?> values) =>
        ClusterSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
}
