using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class TopicHeadsTests
{
    private readonly BackplaneOptions _options = new();
    private readonly TopicHeads _heads;
    private readonly List<Action> _notTold = []; // one for each notice

    public TopicHeadsTests() => _heads = new TopicHeads(_options, new BackplaneMetrics(NoMeters.Instance));

    [Fact]
    public void Topic_ThatBecameQuiet_IsToldTwice()
    {
        Acknowledge("group:1", "e1", 7);
        Assert.Empty(Tell()); // its last message may have come this very moment

        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Empty(Tell());
    }

    [Fact]
    public void Head_ThatCouldNotBeTold_IsToldLater()
    {
        Acknowledge("group:1", "e1", 7);
        Tell();

        Assert.Equal(0, _heads.Tell((_, _) => false));
        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Empty(Tell());
    }

    // The link broke with both notices on it. Once the gap then stayed open until the topic's next message.
    [Fact]
    public void Head_ThatWasLostWithTheLink_IsToldTwiceMore()
    {
        Acknowledge("group:1", "e1", 7);
        Tell();
        Tell();
        Tell();
        Assert.Empty(Tell());

        _notTold.ForEach(static notTold => notTold());

        Assert.Empty(Tell());
        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Equal(["e1 7 group:1"], Tell());
        Assert.Empty(Tell());
    }

    [Fact]
    public void Head_ThatWasLostWithTheLink_IsNotToldInPlaceOfALaterOne()
    {
        Acknowledge("group:1", "e1", 7);
        Tell();
        Tell();
        Acknowledge("group:1", "e2", 8);

        _notTold.ForEach(static notTold => notTold());

        Tell();
        Assert.Equal(["e2 8 group:1"], Tell());
    }

    [Fact]
    public void Topic_InConstantTraffic_IsNotTold()
    {
        for (var offset = 1; offset <= 10; offset++)
        {
            Acknowledge("group:1", "e1", offset);
            Assert.Empty(Tell());
        }

        Assert.Equal(["e1 10 group:1"], Tell());
    }

    [Fact]
    public void Topic_WithANewMessageBetweenItsTellings_BeginsAgain()
    {
        Acknowledge("group:1", "e1", 1);
        Tell();
        Tell();
        Acknowledge("group:1", "e1", 2);

        Assert.Empty(Tell());
        Assert.Equal(["e1 2 group:1"], Tell());
        Assert.Equal(["e1 2 group:1"], Tell());
        Assert.Empty(Tell());
    }

    [Fact]
    public void Head_OfAMessageSentTwice_StaysWhereTheLogIs()
    {
        Acknowledge("group:1", "e1", 7);
        Acknowledge("group:1", "e1", 3);
        Tell();

        Assert.Equal(["e1 7 group:1"], Tell());
    }

    [Fact]
    public void Head_OfANewLifeOfTheLog_CountsAnew()
    {
        Acknowledge("group:1", "e1", 7);
        Acknowledge("group:1", "e2", 1);
        Tell();

        Assert.Equal(["e2 1 group:1"], Tell());
    }

    [Fact]
    public void Heads_BeyondTheBytesOfATick_WaitForTheNext()
    {
        _options.HeadBytes = 1024;
        for (var i = 0; i < 100; i++)
        {
            Acknowledge($"group:{i:000}", "e1", i);
        }

        Tell();
        var told = new List<string>();
        for (var more = Tell(); more.Length > 0; more = Tell())
        {
            Assert.True(more.Sum(line => line.Length + 1) <= 1024);
            told.AddRange(more);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"e1 {i} group:{i:000}"), told.Distinct());
        Assert.Equal(200, told.Count);
    }

    [Fact]
    public void Heads_BeyondThoseThatMayWait_ReplaceTheOldest()
    {
        _options.HeadsWaiting = 100;
        for (var i = 0; i < 101; i++)
        {
            Acknowledge($"group:{i}", "e1", 1);
        }

        Tell();
        var told = Tell();
        Assert.Equal(100, told.Length);
        Assert.DoesNotContain("e1 1 group:0", told);
    }

    [Fact]
    public void Heads_TurnedOff_CostNothing()
    {
        _options.HeadBytes = 0;
        Acknowledge("group:1", "e1", 1);
        Tell();

        Assert.Empty(Tell());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1023, false)]
    [InlineData(1024, true)]
    [InlineData(4 * 1024 * 1024, true)]
    [InlineData((4 * 1024 * 1024) + 1, false)]
    public void HeadBytes_OutOfBounds_IsAnError(int bytes, bool isAllowed) =>
        Assert.Equal(isAllowed, !new BackplaneOptions { HeadBytes = bytes }.Errors().Any());

    private void Acknowledge(string topic, string epoch, long offset) =>
        _heads.Acknowledged(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(epoch), offset);

    private string[] Tell()
    {
        string[] text = [];
        var told = _heads.Tell((lines, notTold) =>
        {
            _notTold.Add(notTold);
            text = Encoding.UTF8.GetString(lines.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return true;
        });
        Assert.Equal(told, text.Length);
        return text;
    }
}
