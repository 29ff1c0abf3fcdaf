using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Events;

public sealed class TopicTurnsTests : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(8);

    private readonly ManualTimeProvider _time = new();
    private readonly TopicTurns _turns;
    private readonly EventPlaces _places = new(100);
    private readonly IAsyncEnumerator<(TopicTurn Turn, EventPlace Place)> _taken;
    private readonly IAsyncEnumerator<(TopicTurn Turn, EventPlace Place)> _takenAside;
    private readonly Topic _a = Topic.Group("a");
    private readonly Topic _b = Topic.Group("b");

    public TopicTurnsTests()
    {
        _turns = new TopicTurns(_time);
        _taken = _turns.TakeAllAsync(_places, aside: false, CancellationToken.None).GetAsyncEnumerator();
        _takenAside = _turns.TakeAllAsync(_places, aside: true, CancellationToken.None).GetAsyncEnumerator();
    }

    public async ValueTask DisposeAsync()
    {
        await _taken.DisposeAsync();
        await _takenAside.DisposeAsync();
        _turns.Dispose();
        _places.Dispose();
    }

    [Fact]
    public async Task Topic_HeardOften_HasOneTurn_AndTheNextBehindTheOthers()
    {
        _turns.Hear(_a);
        _turns.Hear(_b);
        _turns.Hear(_a);

        var a = await TakeAsync();
        Assert.Equal(_a, a.Topic);
        _turns.Again(a);

        Assert.Equal(_b, (await TakeAsync()).Topic);
        Assert.Same(a, await TakeAsync());
    }

    [Fact]
    public async Task Topic_HeardInItsTurn_HasAnother_ThoughNothingWasLeft()
    {
        _turns.Hear(_a);
        var a = await TakeAsync();
        _turns.Hear(_a);
        _turns.End(a);
        Assert.Same(a, await TakeAsync());

        _turns.End(a);
        _turns.Hear(_b);
        Assert.Equal(_b, (await TakeAsync()).Topic);
    }

    [Fact]
    public async Task Topic_ThatFailed_WaitsForItsPause_WhateverIsHeard()
    {
        _turns.Hear(_a);
        var a = await TakeAsync();
        _turns.Later(a, Pause);
        _turns.Hear(_a);
        _turns.Hear(_b);
        Assert.Equal(_b, (await TakeAsync()).Topic);

        var next = TakeAsync();
        _time.Advance(Pause - TimeSpan.FromSeconds(1));
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Same(a, await next);
    }

    [Fact]
    public async Task Hurry_EndsAllPauses()
    {
        _turns.Hear(_a);
        var a = await TakeAsync();
        _turns.Later(a, Pause);

        _turns.Hurry(failingSince: 0);

        Assert.Same(a, await TakeAsync());
        _time.Advance(2 * Pause);
        _turns.Hear(_b);
        Assert.Equal(_b, (await TakeAsync()).Topic); // a gets no second turn for the pause that it did not have to wait
    }

    [Fact]
    public async Task Topic_ThatFails_HasItsTurnsAside_UntilItFailsNoMore()
    {
        _turns.Hear(_a);
        var a = await TakeAsync();
        a.IsFailing = true;
        _turns.Later(a, Pause);
        _time.Advance(2 * Pause);
        _turns.Hear(_b);

        Assert.Equal(_b, (await TakeAsync()).Topic);
        Assert.False(_turns.AnyWaits);
        Assert.Same(a, await TakeAsideAsync());
        a.IsFailing = false;
        _turns.Again(a);
        Assert.True(_turns.AnyWaits);
        Assert.Same(a, await TakeAsync());
    }

    [Fact]
    public async Task Hurry_ForgivesThoseWhoseFaultItWasNot_WhateverTheyWaitFor()
    {
        var topics = (Topic[])[_a, _b, Topic.Group("c")];
        foreach (var topic in topics)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _turns.Hear(topic);
            var turn = await TakeAsync();
            (turn.IsFailing, turn.FailingSince) = (true, _time.GetTimestamp());
            _turns.Later(turn, topic == _b ? TimeSpan.Zero : Pause);
        }

        _time.Advance(TimeSpan.FromSeconds(1)); // b now waits for a place aside, the others still for the end of their pauses
        _turns.Hurry(failingSince: _time.GetTimestamp() - TimeSpan.FromSeconds(2).Ticks);

        Assert.Equal(topics[1..].ToHashSet(), [(await TakeAsync()).Topic, (await TakeAsync()).Topic]);
        Assert.Equal(_a, (await TakeAsideAsync()).Topic);
        Assert.False(_turns.AnyWaits);
    }

    [Theory]
    [InlineData(16, 12, 4)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 1, 1)]
    public async Task Places_AsideAreAQuarter_AndNobodyElseStepsThereThanHasOne(int all, int usual, int aside)
    {
        using var places = new EventPlaces(all);
        var taken = await Task.WhenAll(Enumerable.Range(0, usual).Select(_ => places.TakeAsync(aside: false, CancellationToken.None)));
        var next = places.TakeAsync(aside: false, CancellationToken.None);
        Assert.False(next.IsCompleted);
        for (var i = 1; i < aside; i++)
        {
            await places.TakeAsync(aside: true, CancellationToken.None);
        }

        Assert.True(taken[0].TryStepAside());
        Assert.True(taken[0].IsAside);
        Assert.False((await next).TryStepAside());
        var nextAside = places.TakeAsync(aside: true, CancellationToken.None);
        Assert.False(nextAside.IsCompleted);
        taken[0].Dispose();
        Assert.True((await nextAside).IsAside);
    }

    [Fact]
    public async Task Topic_WithTheMostBytes_GivesWay_WhereItsPartitionHasTooMany()
    {
        var neighbour = Enumerable.Range(0, 1000).Select(i => Topic.Group($"g{i}")).First(topic => PartitionOf(topic) == PartitionOf(_a));
        _turns.Hear(_a);
        _turns.Hear(neighbour);
        var (a, b) = (await TakeAsync(), await TakeAsync());
        _turns.Saw(a, 3, bytes: 300, 1);
        Assert.Null(_turns.TooMuch(a.Partition, 400));
        _turns.Saw(b, 1, bytes: 150, 1);

        Assert.Equal((a, 250L), _turns.TooMuch(a.Partition, 400));

        _turns.End(a);
        _turns.Saw(a, 1, bytes: 50, 1); // a node that cut the queue meanwhile reports late
        Assert.Equal((b, 100L), _turns.TooMuch(a.Partition, 100));
        _turns.Drop(b);
        Assert.Null(_turns.TooMuch(a.Partition, 0));
    }

    private static int PartitionOf(Topic topic) => EventMarks.PartitionOf(topic.Utf8Name.Span);

    private Task<TopicTurn> TakeAsync() => TakeAsync(_taken);

    private Task<TopicTurn> TakeAsideAsync() => TakeAsync(_takenAside);

    private static async Task<TopicTurn> TakeAsync(IAsyncEnumerator<(TopicTurn Turn, EventPlace Place)> taken)
    {
        Assert.True(await taken.MoveNextAsync().AsTask().WaitAsync(ChatClient.Deadline));
        return taken.Current.Turn;
    }
}
