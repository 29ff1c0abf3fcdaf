using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>Two nodes with limits small enough to reach.</summary>
public sealed class LimitsCluster() : NodeClusterFixture(
    nodes: 2,
    persists: false,
    ("Chat:Connections:MessageBytes", "1024"),
    ("Chat:Connections:MessagesPerSecond", "5"),
    ("Chat:Connections:MessageBurst", "30"),
    ("Chat:Connections:UserMessagesPerSecond", "0"), // FloodCluster is for the limits of users
    ("Chat:Connections:TopicsPerConnection", "3"),
    ("Chat:Connections:PerUser", "3"),
    ("Chat:Connections:CloseTimeout", "00:00:01"))
{
    protected override bool IsBroken => false;
}

[CollectionDefinition(Name)]
public sealed class LimitsGroup : ICollectionFixture<LimitsCluster>
{
    public const string Name = "nodes with small limits";
}
