using System.Net;
using Chat.Api.Nodes;
using Xunit;

namespace Chat.Tests.Nodes;

/// <summary>How a node determines its address from where it listens. <see cref="Deploying.SeparateMachinesTests"/> tests this on real networks.</summary>
public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("http://localhost:5000", "http://localhost:5000")]
    [InlineData("http://127.0.0.1:5000", "http://127.0.0.1:5000")]
    [InlineData("http://[::]:8080", "http://machine:8080")]
    [InlineData("http://0.0.0.0:8080", "http://machine of IPv4:8080")]
    [InlineData("http://*:80", "http://machine:80")]
    [InlineData("http://+:80", "http://machine:80")]
    [InlineData("http://[fd00::3]:80", "http://[fd00::3]:80")]
    [InlineData("https://localhost:7000 http://localhost:5000", "http://localhost:5000")]
    [InlineData("https://localhost:7000", "https://localhost:7000")]
    [InlineData("http://unix:/tmp/x.sock http://[::1]:5000", "http://[::1]:5000")]
    public async Task Address_IsOneThatOthersCanReach(string bound, string expected)
    {
        var address = await NodeAddress.FromAsync(
            NodeAddress.Best(bound.Split(' '))!, onlyIPv4 => Task.FromResult(new MachineAddress(onlyIPv4 ? "machine of IPv4" : "machine", "")));

        Assert.Equal(expected, address.Url);
    }

    [Fact]
    public void Address_OfAUnixSocketAlone_IsNone() => Assert.Null(NodeAddress.Best(["http://unix:/tmp/x.sock"]));

    [Theory]
    [InlineData("10.0.0.3", "10.0.0.3")]
    [InlineData("fd00::3", "[fd00::3]")]
    public void MachineAddress_StandsInAUrl(string address, string host) => Assert.Equal(host, MachineAddress.Of(IPAddress.Parse(address), "").Host);

    // The route to a Redis beside the node does not show how others reach the node.
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void AddressOnTheWayToOneself_IsNone(string own) => Assert.Null(MachineAddress.OnTheWayTo(IPAddress.Parse(own), onlyIPv4: false));
}
