using Chat.Api.Nodes;
using Xunit;

namespace Chat.Tests.Nodes;

public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("http://localhost:5000", "http://localhost:5000")]
    [InlineData("http://127.0.0.1:5000", "http://127.0.0.1:5000")]
    [InlineData("http://[::]:8080", "http://machine:8080")]
    [InlineData("http://0.0.0.0:8080", "http://machine:8080")]
    [InlineData("http://*:80", "http://machine:80")]
    [InlineData("http://+:80", "http://machine:80")]
    [InlineData("https://localhost:7000 http://localhost:5000", "http://localhost:5000")]
    [InlineData("https://localhost:7000", "https://localhost:7000")]
    [InlineData("http://unix:/tmp/x.sock http://[::1]:5000", "http://[::1]:5000")]
    public void Address_IsOneThatOthersCanReach(string bound, string expected) =>
        Assert.Equal(expected, NodeAddress.From(bound.Split(' '), () => "machine"));

    [Fact]
    public void Address_OfAUnixSocketAlone_IsNone() =>
        Assert.Null(NodeAddress.From(["http://unix:/tmp/x.sock"], () => "machine"));
}
