using Chat.Api.Redis.Resp;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class RedisEndpointTests
{
    [Theory]
    [InlineData("localhost", "localhost", 6379)]
    [InlineData("redis:7000", "redis", 7000)]
    [InlineData("redis,ssl=true", "redis", 6380)]
    [InlineData("redis:7000,ssl=True", "redis", 7000)]
    [InlineData("[::1]:7000", "::1", 7000)]
    [InlineData("[::1]", "::1", 6379)]
    [InlineData(" redis:7000 , abortConnect=false", "redis", 7000)]
    public void Server_IsNamedWithOrWithoutAPort(string text, string host, int port) =>
        Assert.Equal([(host, port)], RedisEndpoint.Parse(text).Servers);

    [Fact]
    public void Options_OfTheLogin_AreRead()
    {
        var endpoint = RedisEndpoint.Parse("a:1,b:2,User=chat,PASSWORD=p=w==,ssl=true,sslHost=redis.example,defaultDatabase=3,syncTimeout=5000");

        Assert.Equal([("a", 1), ("b", 2)], endpoint.Servers);
        Assert.Equal(("chat", "p=w==", true, "redis.example", 3), (endpoint.User, endpoint.Password, endpoint.Tls, endpoint.TlsHost, endpoint.Database));
        Assert.Equal([("c", 9)], endpoint.At("c", 9).Servers);
        Assert.Equal("p=w==", endpoint.At("c", 9).Password);
    }

    [Theory]
    [InlineData("", "names no server")]
    [InlineData("password=x", "names no server")]
    [InlineData("redis:port", "'port' is not a port")]
    [InlineData("redis:0", "'0' is not a port")]
    [InlineData("redis:65536", "'65536' is not a port")]
    [InlineData("redis,serviceName=mymaster", "Sentinel")]
    public void What_CannotBeUnderstood_IsSaid(string text, string said) =>
        Assert.Contains(said, Assert.Throws<SettingException>(() => RedisEndpoint.Parse(text)).Message, StringComparison.Ordinal);
}
