using Chat.Client;
using Chat.Client.Topics;
using Xunit;

namespace Chat.Tests.ClientLibrary;

/// <summary>From the records that connections deliver, each message is given out once, in order, and every hole is told.</summary>
public sealed class TopicStatesTests
{
    private readonly EventQueue _events = new(most: 100);
    private readonly TopicStates _topics;

    public TopicStatesTests() => _topics = new TopicStates(_events, new Dictionary<string, ChatPosition>());

    [Fact]
    public async Task Message_ThatComesAgain_IsGivenOnce_ByPositionAndById()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        _topics.Message("g", Message(2));
        _topics.Message("g", Message(2));
        _topics.Begin();
        _topics.Subscribed("g", new ChatPosition("other", 0), recovered: false); // the whole log arrives again
        _topics.Message("g", Message(2) with { Position = new ChatPosition("other", 1) });
        _topics.Message("g", Message(3) with { Position = new ChatPosition("other", 2) });

        Assert.Equal(
            [new ChatSubscribed("g", At(1), true), Message(2), new ChatSubscribed("g", new ChatPosition("other", 0), false), Message(3) with { Position = new ChatPosition("other", 2) }],
            await EventsAsync());
    }

    // The checker counts these messages. If they were dropped silently, a server's fault would stay hidden from it.
    [Fact]
    public void Message_ThatAServerShouldNotHaveSent_IsCounted()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        _topics.Message("g", Message(2));
        Assert.Equal(0, _topics.Unexpected);

        _topics.Message("g", Message(2));
        Assert.Equal(1, _topics.Unexpected);
        _topics.Message("not mine", Message(1));
        Assert.Equal(2, _topics.Unexpected);

        var call = _topics.Hold("g");
        _topics.Fetched(call, hole: null, [Message(3)]);
        _topics.Message("g", Message(3)); // may overlap with the messages that are fetched
        _topics.Release(call);
        Assert.Equal(2, _topics.Unexpected);
    }

    [Fact]
    public async Task Deletion_HasItsPlaceInTheOrder_AndIsKnownAtOnce()
    {
        var deletion = new ChatDeleted("g", "mod", "id3", At(3), At(7), null);
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Message("g", deletion);
        Assert.True(_topics.IsDeleted("g", At(3))); // though its reader is told later
        _topics.Joined(call, At(2), recovered: true, [Message(3), Message(6)], isWanted: true);
        _topics.Release(call);
        _topics.Message("g", Message(8));
        _topics.Message("g", deletion); // once more

        Assert.Equal([new ChatSubscribed("g", At(2), true), Message(3), Message(6), deletion, Message(8)], await EventsAsync());
        Assert.Equal((At(8), 1), (_topics.Positions["g"], _topics.Unexpected));
        Assert.False(_topics.IsDeleted("g", At(4)));
        Assert.False(_topics.IsDeleted("other", At(3)));
    }

    [Fact]
    public async Task WhatIsHeld_ComesBehindWhatIsFetched_HolesIncluded()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Message("g", Message(5));
        _topics.Message("g", Message(6));
        _topics.Subscribed("g", At(8), recovered: false); // 7 and 8 were lost
        _topics.Message("g", Message(9));
        _topics.Joined(call, At(3), recovered: true, [Message(4), Message(5)], isWanted: true);
        _topics.Release(call);

        Assert.Equal(
            [new ChatSubscribed("g", At(3), true), Message(4), Message(5), Message(6), new ChatSubscribed("g", At(8), false), Message(9)],
            await EventsAsync());
    }

    [Fact]
    public async Task Group_ThatWasLeft_GivesNothingMore()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        _topics.Unsubscribed("g");
        _topics.Message("g", Message(2));

        Assert.Equal([new ChatSubscribed("g", At(1), true), new ChatUnsubscribed("g")], await EventsAsync());
        Assert.Empty(_topics.Groups);
        Assert.Empty(_topics.Positions);
    }

    [Fact]
    public void Connection_IsToldWhereTheClientWas_AsFarAsThatFits()
    {
        _topics.Begin();
        _topics.Subscribed("a,b%", At(1), recovered: true);
        _topics.Subscribed(TopicStates.Own, At(7), recovered: true);
        Assert.Equal("positions=true&since=a%252Cb%2525%3Ae%3A1&since.user=e%3A7", _topics.Begin());

        for (var i = 0; i < 200; i++)
        {
            _topics.Subscribed($"{i}{new string('x', 100)}", At(i), recovered: true);
        }

        Assert.InRange(_topics.Begin().Length, 3000, 5000);
    }

    [Fact]
    public async Task Group_WhosePlaceTheConnectionWasNotTold_IsFetched_WhereItIsBehind()
    {
        var topics = new TopicStates(_events, Enumerable.Range(0, 200).ToDictionary(i => $"{i}{new string('x', 100)}", _ => At(1)));
        var last = $"199{new string('x', 100)}";
        Assert.DoesNotContain(last, topics.Begin(), StringComparison.Ordinal);
        topics.Subscribed(last, At(3), recovered: true);
        topics.Message(last, Message(4));

        var call = Assert.Single(topics.Entered().Behind);
        Assert.Equal(last, call.Topic);
        topics.Joined(call, At(1), recovered: true, [Message(2)], isWanted: true);
        topics.Fetched(call, hole: null, [Message(3)]);
        topics.Returned(call);
        Assert.Equal([new ChatSubscribed(last, At(1), true), Message(2), Message(3), Message(4)], await EventsAsync());
    }

    // The user may join it on another device, for example. Nobody would fetch the earlier messages, and all later ones would be held back forever.
    [Fact]
    public async Task Group_WhosePlaceTheConnectionWasNotTold_AndThatIsJoinedLater_IsHeardAtOnce()
    {
        var topics = new TopicStates(_events, Enumerable.Range(0, 200).ToDictionary(i => $"{i}{new string('x', 100)}", _ => At(1)));
        var last = $"199{new string('x', 100)}";
        Assert.DoesNotContain(last, topics.Begin(), StringComparison.Ordinal);
        Assert.Empty(topics.Entered().Behind);
        topics.Subscribed(last, At(3), recovered: true);
        topics.Message(last, Message(4));

        Assert.Equal([new ChatSubscribed(last, At(3), true), Message(4)], await EventsAsync());
    }

    // Rights are independent: a user may be in a group and not read its log, or not to its end.
    [Fact]
    public async Task Group_WhosePlaceTheConnectionWasNotTold_AndWhoseLogMayNotBeRead_GoesOnBehindAHole()
    {
        var topics = new TopicStates(_events, Enumerable.Range(0, 200).ToDictionary(i => $"{i}{new string('x', 100)}", _ => At(1)));
        var last = $"199{new string('x', 100)}";
        topics.Begin();
        topics.Subscribed(last, At(5), recovered: true);
        topics.Message(last, Message(7));
        topics.ReturnedWithHole(Assert.Single(topics.Entered().Behind));
        topics.Message(last, Message(8));

        Assert.Equal([new ChatSubscribed(last, At(5), false), Message(7), Message(8)], await EventsAsync());
    }

    [Fact]
    public async Task Group_WhoseLogMayNotBeReadToItsEnd_GoesOnBehindAHole()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(2), recovered: true);
        _topics.Begin();
        var call = Assert.Single(_topics.Entered().Forgotten);
        _topics.Message("g", Message(9));
        _topics.Joined(call, At(2), recovered: true, [Message(3), Message(4)], isWanted: true);
        _topics.ReturnedWithHole(call);

        Assert.Equal(
            [new ChatSubscribed("g", At(2), true), new ChatSubscribed("g", At(2), true), Message(3), Message(4), new ChatSubscribed("g", At(8), false), Message(9)],
            await EventsAsync());
    }

    // Otherwise the next connection would deliver all of that again.
    [Fact]
    public async Task Hole_ThatWasFetchedMeanwhile_IsNone()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Subscribed("g", At(5), recovered: false);
        _topics.Message("g", Message(6));
        _topics.Joined(call, At(3), recovered: true, [Message(4), Message(5), Message(6), Message(7)], isWanted: true);
        _topics.Release(call);

        Assert.Equal(At(7), _topics.Positions["g"]);
        Assert.Equal([new ChatSubscribed("g", At(3), true), Message(4), Message(5), Message(6), Message(7)], await EventsAsync());
    }

    // Otherwise the next connection would find the client in the group but not the user, and join it again.
    [Fact]
    public async Task Group_ThatWasLeftWhileTheConnectionFetchesIt_IsNotTakenUpAgain()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        _topics.Begin();
        var call = Assert.Single(_topics.Entered().Forgotten);
        _topics.Unsubscribed("g");
        _topics.Joined(call, At(1), recovered: true, [Message(2)], isWanted: true);
        _topics.Returned(call);

        Assert.True(call.IsDoubtful);
        Assert.Empty(_topics.Groups);
        Assert.Empty(_topics.Positions);
        Assert.Equal([new ChatSubscribed("g", At(1), true), new ChatUnsubscribed("g")], await EventsAsync());
    }

    // The caller is told that the call failed. Without the notice, a reader would see 4 and then 9.
    [Fact]
    public async Task Call_ThatCannotFetchAllThatItBegan_LeavesAHoleThatIsTold()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Message("g", Message(9));
        _topics.Joined(call, At(3), recovered: true, [Message(4)], isWanted: true);
        _topics.Abandon(call, isLast: false);

        Assert.Equal([new ChatSubscribed("g", At(3), true), Message(4), new ChatSubscribed("g", At(8), false), Message(9)], await EventsAsync());
    }

    // Otherwise a later client would begin behind the hole.
    [Fact]
    public async Task Call_ThatCannotFetchAllThatItBegan_BeforeTheClientEnds_LeavesItWhereItIs()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Message("g", Message(9));
        _topics.Joined(call, At(3), recovered: true, [Message(4)], isWanted: true);
        _topics.Abandon(call, isLast: true);

        Assert.Equal(At(4), _topics.Positions["g"]);
        Assert.Equal([new ChatSubscribed("g", At(3), true), Message(4)], await EventsAsync());
    }

    // The code that awaits a call continues later. Once it took the group for joined, or for left, although the server had said the opposite by then.
    [Fact]
    public async Task Group_ThatIsLeftElsewhere_RightBehindTheAnswerOfAJoin_IsLeft()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Joined(call, At(3), recovered: true, [], isWanted: false);
        _topics.Unsubscribed("g");
        _topics.Message("g", Message(4)); // sent before the leave takes effect
        _topics.Fetched(call, hole: null, [Message(4)]);
        _topics.Release(call);

        Assert.False(call.IsDoubtful);
        Assert.Empty(_topics.Groups);
        Assert.Empty(_topics.Positions);
        Assert.Equal([new ChatSubscribed("g", At(3), true), new ChatUnsubscribed("g")], await EventsAsync());
    }

    [Fact]
    public async Task Group_ThatIsLeftElsewhere_WhileItIsJoined_IsIn_AndInDoubt()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        var call = _topics.Hold("g");
        _topics.Unsubscribed("g");
        _topics.Joined(call, At(3), recovered: true, [], isWanted: false);
        _topics.Message("g", Message(4));
        _topics.Release(call);

        Assert.True(call.IsDoubtful);
        Assert.Equal(["g"], _topics.Groups);
        Assert.Equal([new ChatSubscribed("g", At(1), true), new ChatUnsubscribed("g"), new ChatSubscribed("g", At(3), true), Message(4)], await EventsAsync());
    }

    [Fact]
    public async Task Group_ThatIsJoinedElsewhere_BeforeALeaveIsAnswered_IsIn()
    {
        _topics.Begin();
        _topics.Subscribed("g", At(1), recovered: true);
        var life = _topics.Find("g");
        _topics.Unsubscribed("g");
        _topics.Subscribed("g", At(3), recovered: true);
        _topics.Left("g", life);
        Assert.Equal(["g"], _topics.Groups);

        _topics.Left("g", _topics.Find("g")); // if the notice of the leave was lost, the answer says it
        Assert.Empty(_topics.Groups);
        Assert.Equal([new ChatSubscribed("g", At(1), true), new ChatUnsubscribed("g"), new ChatSubscribed("g", At(3), true), new ChatUnsubscribed("g")], await EventsAsync());
    }

    // Once the client was in the group without telling anybody, and had no position to come back to.
    [Fact]
    public async Task Group_ThatIsJoinedElsewhere_WhileACallToJoinItFails_IsHeard()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Subscribed("g", At(3), recovered: true);
        _topics.Message("g", Message(4));
        _topics.Abandon(call, isLast: false);

        Assert.Equal([new ChatSubscribed("g", At(3), true), Message(4)], await EventsAsync());
    }

    [Fact]
    public async Task Answer_ThatNobodyWaitsForAnyMore_ChangesNothing()
    {
        _topics.Begin();
        var call = _topics.Hold("g");
        _topics.Message("g", Message(4));
        _topics.Abandon(call, isLast: false);
        _topics.Joined(call, At(3), recovered: true, [], isWanted: false);

        Assert.Empty(_topics.Groups);
        Assert.Empty(await EventsAsync());
    }

    [Fact]
    public async Task Group_ThatIsNotInTheSameRecordAnyMore_WasLeftElsewhere()
    {
        _topics.Begin();
        _topics.Connected(1);
        _topics.Subscribed("g", At(1), recovered: true);
        _topics.Begin();
        _topics.Connected(2);
        Assert.Single(_topics.Entered().Forgotten); // of another record, and its answer has not come when the connection ends
        _topics.Begin();
        _topics.Connected(2);
        _topics.Joined(Assert.Single(_topics.Entered().Forgotten), At(1), recovered: true, [], isWanted: true);
        _topics.Begin();
        _topics.Connected(2);
        Assert.Empty(_topics.Entered().Forgotten);

        Assert.Equal([new ChatSubscribed("g", At(1), true), new ChatSubscribed("g", At(1), true), new ChatUnsubscribed("g")], await EventsAsync());
    }

    [Fact]
    public void Group_ThatTheServerForgot_IsNamed()
    {
        _topics.Begin();
        _topics.Subscribed("kept", At(1), recovered: true);
        _topics.Subscribed("forgotten", At(1), recovered: true);
        _topics.Begin();
        _topics.Subscribed("kept", At(1), recovered: true);

        Assert.Equal("forgotten", Assert.Single(_topics.Entered().Forgotten).Topic);
    }

    [Fact]
    public async Task Queue_ThatIsFull_HoldsUpReading_UntilHalfIsRead_OrACallWaits()
    {
        var events = new EventQueue(most: 4);
        for (var i = 0; i < 4; i++)
        {
            Assert.True(events.RoomAsync(() => false).IsCompleted);
            events.Add(Message(i));
        }

        Assert.True(events.RoomAsync(() => true).IsCompleted);
        var held = events.RoomAsync(() => false);
        Assert.False(held.IsCompleted);
        events.Open(); // a call
        await held;

        held = events.RoomAsync(() => false);
        await using var reader = events.ReadAllAsync(CancellationToken.None).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        Assert.False(held.IsCompleted);
        await reader.MoveNextAsync();
        await held;
    }

    private static ChatPosition At(long offset) => new("e", offset);

    private static ChatMessage Message(long offset) => new("g", "anna", $"{offset}", $"id{offset}", At(offset), null);

    private async Task<List<ChatEvent>> EventsAsync()
    {
        _events.End();
        var events = new List<ChatEvent>();
        await foreach (var one in _events.ReadAllAsync(CancellationToken.None))
        {
            events.Add(one);
        }

        return events;
    }
}
