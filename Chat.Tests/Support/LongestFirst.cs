using Chat.Tests.Hubs;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Chat.Tests.Support.LongestFirst", "Chat.Tests")]

namespace Chat.Tests.Support;

/// <summary>Tests that share something run one after the other, those of the hub's cluster for minutes: begun last, they would go on when all others have
/// ended, with a core for nobody. So they come first.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(tests => tests.DisplayName == HubGroupOfTests.Name ? 0 : tests.CollectionDefinition is not null ? 1 : 2);
}
