using Chat.Api.Events;
using Chat.Api.Redis;
using Xunit;

namespace Chat.Tests.Events;

public sealed class EventPartitionsTests
{
    private static readonly string[] Three = ["ixmxxzrw", "k2v9a7b1", "q0w9e8r7"];

    [Fact]
    public void Partitions_AreSharedByAllNodes() => Assert.Equal(Three, Owners(Three).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Partitions_OfANodeThatGoes_MoveAlone()
    {
        foreach (var (before, after) in Owners(Three).Zip(Owners(Three[..2])))
        {
            Assert.True(before == after || before == Three[2]);
        }
    }

    private static string[] Owners(string[] nodes) =>
        [.. Enumerable.Range(0, EventMarks.Partitions).Select(partition => EventPartitions.OwnerOf(partition, nodes))];
}
