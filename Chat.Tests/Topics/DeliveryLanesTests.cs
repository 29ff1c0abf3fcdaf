using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class DeliveryLanesTests : IDisposable
{
    private const int Many = 100; // members: too many for delivery on the reading thread
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20); // only a failing test waits this long

    private readonly TopicOptions _options = new() { DeliveryThreads = 3 };
    private readonly MemoryBackplane _backplane = new();
    private readonly BlockingConnection _blocked = new();
    private TopicTable? _table;
    private int _reads;

    private TopicTable Topics => _table ??= NewTable();

    public void Dispose()
    {
        _blocked.Go.Set();
        _table?.Dispose();
        _blocked.Go.Dispose();
    }

    [Fact]
    public async Task Messages_OfManyTopics_KeepTheOrderOfEach()
    {
        const int Messages = 10_000;
        var random = new Random(1);
        var topics = Enumerable.Range(0, 12).Select(i => Topic.Group($"{i}")).ToArray();
        var members = new RecordingConnection[topics.Length];
        for (var i = 0; i < topics.Length; i++)
        {
            members[i] = await JoinAsync(topics[i], others: i % 2 == 0 ? Many : 0);
        }

        var said = new int[topics.Length];
        for (var i = 0; i < Messages; i++)
        {
            var topic = random.Next(topics.Length);
            _backplane.Say(topics[topic], $"{++said[topic]}", endsRound: random.Next(20) == 0);
        }

        Topics.OnRoundEnd();

        for (var i = 0; i < topics.Length; i++)
        {
            await members[i].SeesAsync($"e1:{said[i]} {said[i]}");
            Assert.Equal(["from e1:0", .. Enumerable.Range(1, said[i]).Select(n => $"e1:{n} {n}")], members[i].Seen);
        }
    }

    // A member never blocks, but if something goes wrong in one topic, that must not stop the node.
    [Fact]
    public async Task Topic_ThatTakesItsTime_HoldsUpNoOther()
    {
        var slow = Topic.Group("slow");
        await JoinAsync(slow, Many);
        (await Topics.AcquireAsync(slow)).Join(_blocked);
        var alsoMany = await JoinAsync(Topic.Group("many"), Many);
        var few = await JoinAsync(Topic.Group("few"));

        _backplane.Say(slow, "a");
        await _blocked.Reached.WaitAsync(Deadline);
        _backplane.Say(slow, "b");
        _backplane.Say(Topic.Group("many"), "hi");
        _backplane.Say(Topic.Group("few"), "hi");

        Assert.Equal(["from e1:0", "e1:1 hi"], few.Seen); // delivered by the reading thread
        await alsoMany.SeesAsync("e1:1 hi");
    }

    // The error is a fault of the node. By then some members have the message and some have not, and it does not come again, so all are told.
    [Theory]
    [InlineData(0)] // on the reading thread
    [InlineData(Many)]
    public async Task Delivery_ThatFails_IsTold_AndTheTopicGoesOn(int others)
    {
        var name = Topic.Group("faulty");
        var topic = await Topics.AcquireAsync(name);
        var before = await JoinAsync(name, others);
        var isFaulty = false;
        topic.Join(new CallingConnection(() =>
        {
            if (isFaulty)
            {
                isFaulty = false;
                throw new InvalidOperationException("A fault.");
            }
        }));
        var behind = await JoinAsync(name);

        isFaulty = true;
        _backplane.Say(name, "a");
        _backplane.Say(name, "b");

        await behind.SeesAsync("e1:2 b");
        Assert.Equal(["from e1:0", "hole e1:1", "e1:2 b"], behind.Seen);
        await before.SeesAsync("e1:2 b");
        Assert.Equal(["from e1:0", "e1:1 a", "hole e1:1", "e1:2 b"], before.Seen);
    }

    [Fact]
    public async Task Topic_WithALongQueue_LeavesOthersTheirTurn()
    {
        const int Queued = 2000;
        _options.DeliveryThreads = 1;
        var busy = Topic.Group("busy");
        var hot = await BlockAsync(busy);
        var quiet = await JoinAsync(Topic.Group("quiet"), Many);

        for (var i = 0; i < Queued; i++)
        {
            _backplane.Say(busy, "x");
        }

        _backplane.Say(Topic.Group("quiet"), "hi");
        var seenByThen = 0;
        (await Topics.AcquireAsync(Topic.Group("quiet"))).Join(new CallingConnection(() => seenByThen = hot.Seen.Length));
        _blocked.Go.Set();
        await quiet.SeesAsync("e1:1 hi");
        await hot.SeesAsync($"e1:{Queued + 1} x");

        Assert.InRange(seenByThen, 1, Queued - 1);
    }

    [Fact]
    public async Task Messages_BeyondWhatATopicMayHaveWaiting_AreReadFromTheLog()
    {
        const int Messages = 5000;
        _options.WaitingBytesPerTopic = 64 * 1024;
        var busy = Topic.Group("busy");
        var member = await BlockAsync(busy);
        for (var i = 0; i < Messages; i++)
        {
            _backplane.Say(busy, "x");
        }

        Assert.Equal(0, _reads);
        _blocked.Go.Set();

        await member.SeesAsync($"e1:{Messages + 1} x");
        Assert.Equal(["from e1:0", "e1:1 first", .. Enumerable.Range(2, Messages).Select(n => $"e1:{n} x")], member.Seen);
        Assert.True(_reads > 0, "It cannot all have waited.");
    }

    [Fact]
    public async Task Messages_BeyondWhatAllTopicsMayHaveWaiting_AreReadFromTheLog()
    {
        _options.WaitingBytes = 10_000;
        var busy = Topic.Group("busy");
        await BlockAsync(busy);
        var other = await JoinAsync(Topic.Group("other"), Many);
        for (var i = 0; i < 100; i++)
        {
            _backplane.Say(busy, "x");
        }

        _backplane.Say(Topic.Group("other"), "a");
        _backplane.Say(Topic.Group("other"), "b");

        await other.SeesAsync("e1:2 b");
        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b"], other.Seen);
    }

    [Fact]
    public async Task Signals_BeyondWhatMayWait_AreDropped()
    {
        _options.WaitingBytesPerTopic = 64 * 1024;
        var busy = Topic.Group("busy");
        var member = await BlockAsync(busy);
        var signal = MemoryBackplane.Envelope(busy, "", 0, "signal");
        for (var i = 0; i < 2000; i++)
        {
            Topics.OnEnvelope(busy.Utf8Name.Span, signal);
        }

        _backplane.Say(busy, "last");
        _blocked.Go.Set();

        await member.SeesAsync("e1:2 last");
        Assert.InRange(member.Seen.Count(seen => seen == "- signal"), 100, 64 * 1024 / signal.Length);
    }

    [Fact]
    public async Task Signals_WithoutEnd_DoNotKeepATopicFromItsLog()
    {
        _options.WaitingBytesPerTopic = 64 * 1024;
        var busy = Topic.Group("busy");
        var member = await BlockAsync(busy);
        for (var i = 0; i < 2000; i++)
        {
            _backplane.Say(busy, "more");
        }

        _blocked.Go.Set();
        var signal = MemoryBackplane.Envelope(busy, "", 0, "signal");
        var topic = await Topics.AcquireAsync(busy);
        var last = Eventually.TrueAsync(() => topic.Position.Offset == 2001);
        while (!last.IsCompleted) // ends by its deadline at the latest
        {
            Topics.OnEnvelope(busy.Utf8Name.Span, signal);
            Topics.OnRoundEnd();
        }

        await last;
        Assert.Contains("e1:2001 more", member.Seen);
    }

    [Fact]
    public async Task Head_OfAMessageThatStillWaits_CausesNoRead()
    {
        var busy = Topic.Group("busy");
        var member = await BlockAsync(busy);
        _backplane.Say(busy, "waits");
        Topics.OnHead(busy.Utf8Name.Span, "e1"u8, 2);
        _backplane.Say(busy, "last");
        _blocked.Go.Set();

        await member.SeesAsync("e1:3 last");
        Assert.Equal(0, _reads);
    }

    [Fact]
    public async Task Head_OfAMessageThatIsLost_IsComparedBehindWhatWaits()
    {
        var busy = Topic.Group("busy");
        var member = await BlockAsync(busy);
        _backplane.Say(busy, "waits");
        _backplane.Say(busy, "lost", lost: true);
        Topics.OnHead(busy.Utf8Name.Span, "e1"u8, 3);
        _blocked.Go.Set();

        await member.SeesAsync("e1:3 lost");
        Assert.Equal(["from e1:0", "e1:1 first", "e1:2 waits", "e1:3 lost"], member.Seen);
    }

    [Theory]
    [InlineData(nameof(TopicOptions.DeliveryThreads), 0, 64)]
    [InlineData(nameof(TopicOptions.WaitingBytesPerTopic), 64 * 1024, 1024 * 1024 * 1024)]
    [InlineData(nameof(TopicOptions.WaitingBytes), 1024 * 1024, 16L * 1024 * 1024 * 1024)]
    [InlineData(nameof(TopicOptions.FillsAtOnce), 1, 1000)]
    public void Setting_OutOfBounds_IsAnError(string name, long least, long most)
    {
        foreach (var (value, isAllowed) in new[] { (least - 1, false), (least, true), (most, true), (most + 1, false) })
        {
            var options = new TopicOptions();
            var property = typeof(TopicOptions).GetProperty(name)!;
            property.SetValue(options, Convert.ChangeType(value, property.PropertyType, CultureInfo.InvariantCulture));
            Assert.Equal(isAllowed, Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
        }
    }

    private TopicTable NewTable()
    {
        var table = TestTopics.New(options: _options);
        table.Attach(_backplane);
        _backplane.Listener = table;
        return table;
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(20, true)]
    [InlineData(21, false)]
    public void GatherTime_OutOfBounds_IsAnError(int milliseconds, bool isAllowed)
    {
        var options = new TopicOptions { GatherTime = TimeSpan.FromMilliseconds(milliseconds) };
        Assert.Equal(isAllowed, Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }

    private async Task<RecordingConnection> JoinAsync(Topic name, int others = 0)
    {
        var topic = await Topics.AcquireAsync(name);
        var member = new RecordingConnection();
        topic.Join(member);
        for (var i = 0; i < others; i++)
        {
            topic.Join(new IdleConnection());
        }

        return member;
    }

    /// <summary>Prepares a topic whose first message blocks the thread that delivers it, until <see cref="BlockingConnection.Go"/>.</summary>
    private async Task<RecordingConnection> BlockAsync(Topic name)
    {
        var member = await JoinAsync(name, Many);
        (await Topics.AcquireAsync(name)).Join(_blocked);
        _backplane.Say(name, "first");
        await _blocked.Reached.WaitAsync(Deadline);
        _backplane.BeforeRead = () =>
        {
            Interlocked.Increment(ref _reads);
            return Task.CompletedTask;
        };
        return member;
    }

    private class IdleConnection() : Connection(99, "idle", WebSocketFormat.Json)
    {
        public override void Enqueue(Frame frame)
        {
            // Nobody reads it.
        }

        public override Task HasRoomAsync() => Task.CompletedTask;

        public override void Close(CloseReason reason) => throw new InvalidOperationException("It takes everything.");

        public override void Tend(TendingRound round)
        {
            // Never ends.
        }
    }

    private sealed class CallingConnection(Action seen) : IdleConnection
    {
        public override void Enqueue(Frame frame) => seen();
    }

    private sealed class BlockingConnection : IdleConnection
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _frames;

        public ManualResetEventSlim Go { get; } = new();

        public Task Reached => _reached.Task;

        public override void Enqueue(Frame frame)
        {
            if (++_frames > 1) // the first frame tells where the stream begins
            {
                _reached.TrySetResult();
                Go.Wait();
            }
        }
    }
}
