using Chat.Tests.Hubs;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Chat.Tests.Support.LongestFirst", "Chat.Tests")]

namespace Chat.Tests.Support;

/// <summary>Runs collections of tests that share a fixture first. Their tests run one after the other; those of the hub's cluster take minutes. If
/// they began last, they would still run on one core after all other tests had ended and left the other cores idle.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(tests => tests.DisplayName == HubGroupOfTests.Name ? 0 : tests.CollectionDefinition is not null ? 1 : 2);
}
