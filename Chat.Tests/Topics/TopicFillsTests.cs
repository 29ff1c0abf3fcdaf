using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class TopicFillsTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly MemoryBackplane _backplane = new();
    private readonly TopicOptions _options = new() { FillsAtOnce = 3 };
    private TopicTable? _topics;

    public void Dispose() => _topics?.Dispose();

    // Redis has just come back, and ten thousand topics want to read what they have missed.
    [Fact]
    public async Task Topics_AfterAnOutage_CatchUpAFewAtATime()
    {
        var members = await JoinAsync(200);
        var (now, most) = (0, 0);
        _backplane.BeforeRead = async () =>
        {
            lock (_options)
            {
                most = Math.Max(most, ++now);
            }

            await Task.Yield();
            lock (_options)
            {
                now--;
            }
        };
        SayLost(members.Length);

        _topics!.OnRestored();

        await Task.WhenAll(members.Select(member => member.SeesAsync("e1:1 lost")));
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task Topic_ThatCannotBeRead_HoldsUpNoOther()
    {
        _options.FillsAtOnce = 1;
        var members = await JoinAsync(3);
        var reads = 0;
        _backplane.BeforeRead = () => ++reads == 1 ? throw new InvalidOperationException("What lies there is no log.") : Task.CompletedTask;
        SayLost(members.Length);

        _topics!.OnRestored();

        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            return Array.TrueForAll(members, member => member.Seen.Length == 2);
        });
        Assert.Equal(4, reads);
    }

    // In a Redis Cluster, one of the servers is away. The topics of the others do not wait for it, nor does the clock move for them.
    [Fact]
    public async Task Topics_WhoseServerIsAway_HoldUpNoOther()
    {
        var members = await JoinAsync(20);
        for (var i = 0; i < 10; i++)
        {
            _backplane.Away.Add(Topic.Group($"{i}"));
        }

        SayLost(members.Length);

        _topics!.OnRestored();

        await Task.WhenAll(members[10..].Select(member => member.SeesAsync("e1:1 lost")));
        Assert.All(members[..10], static member => Assert.Single(member.Seen));
        _backplane.Away.Clear();
        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            return Array.TrueForAll(members, member => member.Seen.Length == 2);
        });
    }

    [Fact]
    public async Task Topics_AfterAnOutage_CatchUpOnlyWhenWhatComesFirstIsDone()
    {
        var members = await JoinAsync(1);
        var returns = new Returns();
        _topics!.Attach(returns);
        var reads = 0;
        _backplane.BeforeRead = () =>
        {
            reads++;
            return Task.CompletedTask;
        };
        SayLost(1);

        _topics.OnRestored();
        _topics.OnRestored();
        returns.First.SetResult(); // for the earlier outage
        Assert.Equal(0, reads);
        returns.Second.SetResult();

        await members[0].SeesAsync("e1:1 lost");
    }

    private void SayLost(int topics)
    {
        for (var i = 0; i < topics; i++)
        {
            _backplane.Say(Topic.Group($"{i}"), "lost", lost: true);
        }
    }

    private async Task<RecordingConnection[]> JoinAsync(int topics)
    {
        _topics = TestTopics.New(_clock, _options);
        _topics.Attach(_backplane);
        _backplane.Listener = _topics;
        var members = new RecordingConnection[topics];
        for (var i = 0; i < topics; i++)
        {
            (await _topics.AcquireAsync(Topic.Group($"{i}"))).Join(members[i] = new RecordingConnection());
        }

        return members;
    }

    private sealed class Returns : IReturnListener
    {
        private int _times;

        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Second { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task OnReturned() => _times++ == 0 ? First.Task : Second.Task;
    }
}
