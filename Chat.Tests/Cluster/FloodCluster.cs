using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>Two nodes on which a user may send only a little. Allowances refill very slowly, so what a test uses up stays used up while it runs.</summary>
public sealed class FloodCluster() : NodeClusterFixture(
    nodes: 2,
    persists: false,
    ("Auth:TokenEndpoint", "true"),
    ("Chat:Connections:MessagesPerSecond", "0"),
    ("Chat:Connections:MessageBurst", "10"),
    ("Chat:Connections:MessageBytes", "1024"),
    ("Chat:Connections:BytesPerSecond", "0"),
    ("Chat:Connections:UserMessagesPerSecond", "1"),
    ("Chat:Connections:UserMessageBurst", "40"),
    ("Chat:Connections:UserBytesPerSecond", "1"),
    ("Chat:Connections:UserByteBurst", "20000"),
    ("Chat:Connections:UserTopicsPerSecond", "1"),
    ("Chat:Connections:UserTopicBurst", "12"),
    ("Chat:Connections:UserEntriesPerSecond", "1"),
    ("Chat:Connections:UserEntryBurst", "40"),
    ("Chat:Connections:CloseTimeout", "00:00:01"))
{
    protected override bool IsBroken => false;
}

[CollectionDefinition(Name)]
public sealed class FloodGroup : ICollectionFixture<FloodCluster>
{
    public const string Name = "nodes where users may send little";
}
