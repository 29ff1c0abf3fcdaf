using Chat.Api.Connections;
using Xunit;

namespace Chat.Tests.Connections;

/// <summary>What a node's settings become where its open files do not suffice for them.</summary>
public sealed class NodeCapacityTests
{
    [Theory]
    [InlineData(50_000, null, null, 60_000, 50_000)]
    [InlineData(50_000, null, 1_000_000, 60_000, 50_000)]
    [InlineData(50_000, null, 3_000, 3_000, 2_850)]
    [InlineData(1_000_000, null, null, 1_100_000, 1_000_000)]
    [InlineData(4, null, null, 10_004, 4)]
    [InlineData(50_000, 1_000, null, 1_000, 950)]
    [InlineData(50_000, 1_000, 400, 400, 380)]
    [InlineData(50_000, null, 1, 1, 1)]
    public void Limits_AreWhatTheOpenFilesAllow_WithRoomForOtherRequests(int perNode, int? tcpConnections, int? files, int expectedTcp, int expectedPerNode)
    {
        var options = new ConnectionOptions { PerNode = perNode, TcpConnections = tcpConnections };

        NodeCapacity.Limit(options, files);
        NodeCapacity.Limit(options, files); // options may be made more than once

        Assert.Equal((expectedTcp, expectedPerNode), (options.TcpConnections, options.PerNode));
    }
}
