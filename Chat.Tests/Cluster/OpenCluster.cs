using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>Three nodes without limits on messages, whose logs have room for all messages of a test.</summary>
public sealed class OpenCluster() : NodeClusterFixture(
    nodes: 3,
    persists: false,
    [
        .. Unlimited.Sending,
        ("Chat:Connections:PerUser", "0"),
        ("Chat:Connections:CloseTimeout", "00:00:30"),
        ("Chat:Backplane:User:Messages", "32"),
        ("Chat:Backplane:User:Window", "0"),
        ("Chat:Backplane:Group:Messages", "10000"),
    ])
{
    protected override bool IsBroken => false;
}

[CollectionDefinition(Name)]
public sealed class OpenGroup : ICollectionFixture<OpenCluster>
{
    public const string Name = "nodes without limits";
}
