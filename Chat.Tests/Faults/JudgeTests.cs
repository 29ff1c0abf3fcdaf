using Chat.Faults.Checking;
using Xunit;

namespace Chat.Tests.Faults;

/// <summary>The checker of the fault table finds each kind of fault, and reports none where there is none.</summary>
public sealed class JudgeTests
{
    private const string Topic = "group:g";

    private readonly Ledger _ledger = new();
    private readonly Member _anna = new("anna");
    private readonly Member _ben = new("ben");

    [Fact]
    public void Message_ThatAllOthersGot_IsInOrder()
    {
        Deliver(Publish(1), 1, _anna, _ben);
        Deliver(Publish(2), 2, _anna, _ben);

        var verdict = Judged();

        Assert.Equal((2, 2, 4), (verdict.Sent, verdict.Acknowledged, verdict.Expected));
        Assert.Equal((0, 0, 0, 0, 0), Faults(verdict));
    }

    [Fact]
    public void Message_AcknowledgedAndNotGot_IsLost()
    {
        Deliver(Publish(1), 1, _anna);

        Assert.Equal((1, 0, 0, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void Message_NotAcknowledged_IsNotLost()
    {
        _ledger.Add(Topic, "writer");

        Assert.Equal((0, 0, 0, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void Message_BeforeAHoleThatWasTold_IsNotLost_ButOneAfterItIs()
    {
        Deliver(Publish(1), 1, _anna, _ben);
        Publish(2);
        _anna.Reception.Hole(Topic, At(2));
        _ben.Reception.Hole(Topic, At(2));
        Deliver(Publish(3), 3, _anna);

        var verdict = Judged();

        Assert.Equal((1, 0, 0, 0, 2), Faults(verdict));
        Assert.Equal(2, verdict.Told);
    }

    [Fact]
    public void Message_PassedBeforeTheHole_IsLost()
    {
        Publish(1);
        Deliver(Publish(2), 2, _anna, _ben);
        _anna.Reception.Hole(Topic, At(2));
        _ben.Reception.Hole(Topic, At(2));

        Assert.Equal(2, Judged().Lost);
    }

    [Fact]
    public void Message_OfAnEpochBeforeTheHoles_IsTold()
    {
        Deliver(Publish(5), 5, _anna, _ben);
        Publish(6);
        _anna.Reception.Hole(Topic, At(0, "later"));
        _ben.Reception.Hole(Topic, At(0, "later"));

        var verdict = Judged();

        Assert.Equal((0, 2), (verdict.Lost, verdict.Told));
    }

    [Fact]
    public void Messages_BehindAHole_OfAnEpochBeforeTheHoles_AreInOrder_AndLostWhereTheyLack()
    {
        Deliver(Publish(1), 1, _anna, _ben);
        var (two, three) = (Publish(2, "second"), Publish(3, "second")); // acknowledged before anybody knew of the hole
        _anna.Reception.Hole(Topic, At(1, "third"));
        _ben.Reception.Hole(Topic, At(1, "third"));
        _anna.Reception.Message(Topic, two.Text, At(2, "second"));
        _anna.Reception.Message(Topic, three.Text, At(3, "second"));
        _ben.Reception.Message(Topic, three.Text, At(3, "second"));

        Assert.Equal((1, 0, 0, 0, 2), Faults(Judged()));
    }

    [Fact]
    public void Message_ThatComesTwice_IsDuplicated()
    {
        var message = Publish(1);
        Deliver(message, 1, _anna, _ben);
        Deliver(message, 1, _ben);

        Assert.Equal((0, 1, 0, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void Message_ThatComesAgainAfterAHole_IsNotDuplicated()
    {
        var message = Publish(1);
        Deliver(message, 1, _anna, _ben);
        _ben.Reception.Hole(Topic, At(0));
        Deliver(message, 1, _ben);

        Assert.Equal((0, 0, 0, 0, 1), Faults(Judged()));
    }

    [Fact]
    public void Message_AtTwoPositions_IsDuplicated_UnlessRedisForgot()
    {
        var message = Publish(1);
        Deliver(message, 1, _anna);
        _ben.Reception.Message(Topic, message.Text, At(1, "later"));

        Assert.Equal(1, Judged().Duplicated);
        Assert.Equal(0, Judged(mayForget: true).Duplicated);
    }

    [Fact]
    public void Messages_InAnotherOrderThanThatOfTheLog_AreReordered()
    {
        var (one, two) = (Publish(1), Publish(2));
        Deliver(one, 1, _anna);
        Deliver(two, 2, _anna, _ben);
        Deliver(one, 1, _ben);

        Assert.Equal((0, 0, 1, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void Messages_OfOneSender_InAnotherOrderThanThatInWhichItWroteThem_AreReordered_UnlessOneWasSentAgain()
    {
        var (one, two) = (_ledger.Add(Topic, "writer"), _ledger.Add(Topic, "writer"));
        one.Acknowledge(At(2), isInTurn: true);
        two.Acknowledge(At(1), isInTurn: true);
        Deliver(two, 1, _anna, _ben);
        Deliver(one, 2, _anna, _ben);

        Assert.Equal((0, 0, 1, 0, 0), Faults(Judged()));

        one.Acknowledge(At(2), isInTurn: false);

        Assert.Equal((0, 0, 0, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void Messages_WithoutPositions_InAnotherOrderThanAtTheFirst_AreReordered()
    {
        var (one, two) = (Publish(null), Publish(null));
        _anna.Reception.Message(Topic, one.Text, null);
        _anna.Reception.Message(Topic, two.Text, null);
        _ben.Reception.Message(Topic, two.Text, null);
        _ben.Reception.Message(Topic, one.Text, null);

        Assert.Equal((0, 0, 1, 0, 0), Faults(Judged()));
    }

    [Fact]
    public void TwoMessages_AtOnePosition_AreReordered()
    {
        Deliver(Publish(1), 1, _anna, _ben);
        Deliver(Publish(1), 1, _ben);

        Assert.NotEqual(0, Judged().Reordered);
    }

    [Fact]
    public void Message_OfAnotherTopic_OrOfNobody_IsLeaked()
    {
        Deliver(_ledger.Add("group:other", "writer"), 1, _anna);
        _ben.Reception.Message("user:ben", "user:ben m1", At(1));
        _ben.Reception.Message(Topic, "never sent", At(2));

        Assert.Equal((0, 0, 0, 3, 0), Faults(Judged()));
    }

    [Fact]
    public void Acknowledgements_WhileItCounts_AreForTheNextCount()
    {
        var messages = Enumerable.Range(1, 20_000).Select(_ => _ledger.Add(Topic, "writer")).ToList();
        using var began = new ManualResetEventSlim();
        var answering = new Thread(() =>
        {
            began.Set();
            for (var i = 0; i < messages.Count; i++)
            {
                messages[i].Acknowledge(At(i + 1, $"epoch {i}"), isInTurn: true); // each in an epoch that nobody saw before
            }
        });

        answering.Start();
        began.Wait();
        var meanwhile = Judged();
        while (answering.IsAlive)
        {
            Assert.Equal(meanwhile.Acknowledged * 2, meanwhile.Lost);
            meanwhile = Judged();
        }

        Assert.Equal((40_000, 0), (Judged().Lost, meanwhile.Reordered));
    }

    private static Position At(long offset, string epoch = "first") => new(epoch, offset);

    private static (int Lost, int Duplicated, int Reordered, int Leaked, int Holes) Faults(Verdict verdict) =>
        (verdict.Lost, verdict.Duplicated, verdict.Reordered, verdict.Leaked, verdict.Holes);

    private Verdict Judged(bool mayForget = false) => Judge.Of(_ledger, [_anna, _ben], mayForget, Fault.None());

    private SentMessage Publish(long? offset, string epoch = "first")
    {
        var message = _ledger.Add(Topic, "writer");
        message.Acknowledge(offset is { } place ? At(place, epoch) : null);
        return message;
    }

    private static void Deliver(SentMessage message, long offset, params Member[] members)
    {
        foreach (var member in members)
        {
            member.Reception.Message(Topic, message.Text, At(offset));
        }
    }

    private sealed class Member(string name) : IReceiver
    {
        public string Name => name;

        public IReadOnlyList<string> Topics => [Topic];

        public Reception Reception { get; } = new();

        public bool WasInterrupted => false;

        public int Repeated => 0;
    }
}
