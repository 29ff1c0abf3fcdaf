using Chat.Bench.Measuring;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Bench;

/// <summary>The load generator finds each fault, and reports none where there is none.</summary>
public sealed class TrackTests
{
    [Fact]
    public void Messages_InOrder_AreNoFault()
    {
        var track = new Track();

        Assert.All(Enumerable.Range(0, 100), number => Assert.Equal(Arrival.InOrder, track.Take((uint)number)));
        Assert.Equal(0, track.Missing(100));
    }

    [Fact]
    public void Message_ThatNeverComes_IsMissing_WhereverItWas()
    {
        var track = new Track();
        track.Take(1);
        track.Take(3);

        Assert.Equal(4, track.Missing(6)); // 0, 2, 4, 5
    }

    [Fact]
    public void Message_AfterALaterOne_IsLate_AndNotMissing()
    {
        var track = new Track();
        track.Take(3);

        Assert.Equal(Arrival.Late, track.Take(1));
        Assert.Equal(Arrival.Again, track.Take(1));
        Assert.Equal(2, track.Missing(4));
    }

    [Fact]
    public void Messages_InAnyOrder_AreCountedAsASetWouldCountThem() => Fuzz.Run(300, random =>
    {
        const int sent = 50;
        var track = new Track();
        var seen = new HashSet<uint>();
        for (var i = 0; i < 100; i++)
        {
            var number = (uint)random.Next(sent);
            var expected = seen.Contains(number) ? Arrival.Again : seen.Any(other => other > number) ? Arrival.Late : Arrival.InOrder;
            seen.Add(number);

            Assert.Equal(expected, track.Take(number));
            Assert.Equal(sent - seen.Count, track.Missing(sent));
        }
    });
}
