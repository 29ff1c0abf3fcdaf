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
    private readonly IAsyncEnumerator<TopicTurn> _taken;
    private readonly Topic _a = Topic.Group("a");
    private readonly Topic _b = Topic.Group("b");

    public TopicTurnsTests()
    {
        _turns = new TopicTurns(_time);
        _taken = _turns.TakeAllAsync(CancellationToken.None).GetAsyncEnumerator();
    }

    public async ValueTask DisposeAsync()
    {
        await _taken.DisposeAsync();
        _turns.Dispose();
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

        _turns.Hurry();

        Assert.Same(a, await TakeAsync());
        _time.Advance(2 * Pause);
        _turns.Hear(_b);
        Assert.Equal(_b, (await TakeAsync()).Topic); // a has no second turn for the pause that it did not have to wait
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
        _turns.Saw(a, 1, bytes: 50, 1); // whoever cut its queue meanwhile says so late
        Assert.Equal((b, 100L), _turns.TooMuch(a.Partition, 100));
        _turns.Drop(b);
        Assert.Null(_turns.TooMuch(a.Partition, 0));
    }

    private static int PartitionOf(Topic topic) => EventMarks.PartitionOf(topic.Utf8Name.Span);

    private async Task<TopicTurn> TakeAsync()
    {
        Assert.True(await _taken.MoveNextAsync().AsTask().WaitAsync(ChatClient.Deadline));
        return _taken.Current;
    }
}
