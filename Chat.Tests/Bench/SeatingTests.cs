using Chat.Bench.Workloads;
using Xunit;

namespace Chat.Tests.Bench;

/// <summary>The senders that a receiver hears determine what counts as lost.</summary>
public sealed class SeatingTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public void HeardBy_IsEveryWriterOfTheGroup_InEachTopic_WithAPlaceOfItsOwn(int topics, bool hearsItself)
    {
        var seating = new Seating(connections: 12, group: 4, writers: 2, hearsItself, topics);

        for (var receiver = 0; receiver < seating.Connections; receiver++)
        {
            var heard = seating.HeardBy(receiver).ToArray();
            Assert.Equal((hearsItself || !seating.Writes(receiver) ? 2 : 1) * topics, heard.Length);
            var places = heard.Select(sender => seating.PlaceOf(sender, receiver)).ToArray();
            Assert.All(places, place => Assert.InRange(place, 0, seating.Places - 1));
            Assert.Distinct(places);
            Assert.All(heard, sender => Assert.Equal(seating.GroupOf(receiver), seating.GroupOf(seating.WriterOf(sender).Connection)));
        }
    }

    [Fact]
    public void PlaceOf_WhomTheReceiverDoesNotHear_IsNone()
    {
        var seating = new Seating(connections: 12, group: 4, writers: 2, hearsItself: false, topics: 3);

        Assert.Equal(-1, seating.PlaceOf(seating.SenderOf(connection: 0, topic: 1), receiver: 0)); // itself
        Assert.Equal(-1, seating.PlaceOf(seating.SenderOf(connection: 1, topic: 1), receiver: 0)); // one that does not write
        Assert.Equal(-1, seating.PlaceOf(seating.SenderOf(connection: 4, topic: 1), receiver: 0)); // of another group
        Assert.Equal(-1, seating.PlaceOf(uint.MaxValue, receiver: 0)); // nobody
    }
}
