using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class LogCursorTests
{
    // The channel loses messages and is late, reads are answered late, and everything is doubted, but the log keeps everything it has.
    [Fact]
    public void Log_ThatLosesNothing_IsPassedWhole_WhateverTheChannelDoes() => Fuzz.Run(2_000, static random =>
    {
        var run = Run.Through(random, mayLose: false);

        Assert.Equal(0, run.Holes);
        Assert.Equal(run.Said, run.View.Count);
    });

    // As above, but the log is trimmed, and Redis begins further lives without some or all of what it had acknowledged.
    [Fact]
    public void Log_ThatLoses_IsPassedInOrder_AndWhatIsMissingIsTold() => Fuzz.Run(2_000, static random => Run.Through(random, mayLose: true));

    [Fact]
    public void Envelope_BehindAGap_WaitsForTheLog()
    {
        var (backplane, follower, cursor) = BeginBehindAGap();

        Assert.True(Receive(cursor, backplane.Say(Run.Name, "b")));
        Assert.Empty(follower.View);

        Assert.True(cursor.TryApply(Read(backplane, cursor.BeginRead())));
        Assert.Equal(["a", "b"], follower.View.Values);
        Assert.Equal(("e1", 2), cursor.Position);
    }

    // A node that hears a topic's messages, but cannot read its log, once kept a thousand of them however long they were.
    [Fact]
    public void LongEnvelopes_BeyondWhatMayWait_AreLeftToTheLog()
    {
        var (backplane, follower, cursor) = BeginBehindAGap();
        Assert.True(Receive(cursor, backplane.Say(Run.Name, "b")));
        var page = Read(backplane, cursor.BeginRead());
        for (var i = 0; i < 100; i++)
        {
            Assert.False(Receive(cursor, backplane.Say(Run.Name, new string('x', 32 * 1024))));
        }

        Assert.False(cursor.TryApply(page));
        Assert.InRange(cursor.Last, 3, 10);
        while (!cursor.TryApply(Read(backplane, cursor.BeginRead())))
        {
            // There is more in the log.
        }

        Assert.Equal(102, follower.View.Count);
    }

    // The first message is in the log, and has not arrived.
    private static (MemoryBackplane Backplane, Follower Follower, LogCursor Cursor) BeginBehindAGap()
    {
        var (backplane, follower) = (new MemoryBackplane(), new Follower());
        var cursor = new LogCursor(follower, new TopicMetrics(NoMeters.Instance));
        Assert.False(cursor.Begin(new LogPage("e1", 0, [])));
        backplane.Say(Run.Name, "a");
        return (backplane, follower, cursor);
    }

    private static bool Receive(LogCursor cursor, byte[] utf8) => Envelope.TryParse(utf8, out var envelope) && cursor.Receive(utf8, envelope);

    private static LogPage Read(MemoryBackplane backplane, (string Epoch, long Since) from) =>
        Now(backplane.ReadAsync(Run.Name, from.Epoch, from.Since, limit: 8));

    private static LogPage Now(Task<LogPage> read)
    {
        Assert.True(read.IsCompletedSuccessfully); // nothing delays it
        return read.GetAwaiter().GetResult();
    }

    private sealed class Follower : ILogFollower
    {
        private long _last;

        public LogCursor? Cursor { get; set; }

        /// <summary>The messages known to be in the log, by offset.</summary>
        public SortedDictionary<long, string> View { get; } = [];

        public int Holes { get; private set; }

        public void Next(scoped in Envelope envelope)
        {
            Assert.Equal(_last + 1, envelope.Offset);
            _last = envelope.Offset;
            View[_last] = JsonText.ToText(envelope.Msg);
        }

        public void Passed(scoped in Envelope envelope) => Assert.True(envelope.Offset <= _last);

        public void Rewound(long offset)
        {
            _last = Math.Min(_last, offset);
            foreach (var beyond in View.Keys.Where(known => known > offset).ToArray())
            {
                View.Remove(beyond);
            }
        }

        public void Hole()
        {
            Holes++;
            _last = Cursor!.Last;
            View.Clear();
        }
    }

    /// <summary>A log, its channel and a cursor, with events in any possible order.</summary>
    private sealed class Run
    {
        public static readonly Topic Name = Topic.Group("1");

        private readonly Random _random;
        private readonly MemoryBackplane _backplane = new();
        private readonly Queue<byte[]> _channel = new();
        private readonly Follower _follower = new();
        private readonly LogCursor _cursor;
        private bool _mustRead;
        private LogPage? _page; // read, and not yet applied
        private int _inLog;
        private int _lives = 1;

        private Run(Random random)
        {
            _random = random;
            _follower.Cursor = _cursor = new LogCursor(_follower, new TopicMetrics(NoMeters.Instance));
            _mustRead = _cursor.Begin(new LogPage("e1", 0, []));
        }

        public int Said { get; private set; }

        public int Holes => _follower.Holes;

        public SortedDictionary<long, string> View => _follower.View;

        /// <summary>Runs up to 200 steps, and then lets all that is under way arrive.</summary>
        public static Run Through(Random random, bool mayLose)
        {
            var run = new Run(random);
            for (var steps = random.Next(200); steps > 0; steps--)
            {
                run.Step(mayLose);
            }

            run.Settle();
            return run;
        }

        private void Step(bool mayLose)
        {
            switch (_random.Next(mayLose ? 24 : 20))
            {
                case < 8:
                    Say(isLost: _random.Next(5) == 0);
                    break;
                case < 15:
                    Hear();
                    break;
                case < 18:
                    Read();
                    break;
                case 18:
                    _mustRead |= _cursor.Suspect();
                    break;
                case 19 when mayLose || _lives <= 4: // a log remembers a few lives; a cursor that missed more of them cannot know that nothing was lost
                    _backplane.Redis.BeginLife(Name, $"L{++_lives}"); // with everything that was acknowledged
                    break;
                case 19:
                    break;
                case 20:
                    _inLog = Math.Min(_inLog, _random.Next(6));
                    _backplane.Redis.Trim(Name, _inLog);
                    break;
                case 21:
                    var lost = _random.Next(_inLog + 1);
                    _inLog -= lost;
                    _backplane.Redis.BeginLife(Name, $"L{++_lives}", lost);
                    break;
                case 22: // a message is lost that nobody has received
                    _backplane.Redis.Broken.TryAdd($"L{_lives}");
                    _mustRead |= _cursor.OnLifeBroken($"L{_lives}");
                    break;
                default:
                    _backplane.Redis.Restart();
                    _inLog = 0;
                    break;
            }
        }

        /// <summary>Lets all that is under way arrive, and one more message or just its position. Then the cursor has to be at the end of the log,
        /// with all of it.</summary>
        private void Settle()
        {
            var isTold = _random.Next(2) == 0;
            Say(isLost: !isTold);
            if (!isTold)
            {
                // All nodes are told this once a topic is quiet. A read may be under way that was too early.
                var head = Now(_backplane.ReadAsync(Name, _backplane.Redis.EpochOf(Name), 0, limit: 0));
                _mustRead |= _cursor.Suspect(Encoding.UTF8.GetBytes(head.Epoch), head.Last);
            }

            while (_channel.Count > 0 || _mustRead)
            {
                Hear();
                Read();
            }

            var log = Now(_backplane.ReadAsync(Name, _backplane.Redis.EpochOf(Name), 0, limit: int.MaxValue));
            Assert.Equal((log.Epoch, log.Last), _cursor.Position);
            foreach (var utf8 in log.Envelopes)
            {
                Assert.True(Envelope.TryParse(utf8, out var envelope));
                if (View.TryGetValue(envelope.Offset, out var passed) || Holes == 0 || envelope.Offset > View.Keys.FirstOrDefault(log.Last))
                {
                    Assert.Equal(JsonText.ToText(envelope.Msg), passed);
                }
            }
        }

        private void Say(bool isLost)
        {
            var envelope = _backplane.Say(Name, (++Said).ToString(CultureInfo.InvariantCulture));
            _inLog++;
            if (!isLost)
            {
                _channel.Enqueue(envelope);
                if (_random.Next(20) == 0)
                {
                    _channel.Enqueue(envelope);
                }
            }
        }

        private void Hear()
        {
            if (_channel.TryDequeue(out var utf8))
            {
                _mustRead |= Receive(_cursor, utf8);
            }
        }

        // As in LocalTopic.FillAsync. Between its two halves anything may happen.
        private void Read()
        {
            if (!_mustRead)
            {
                return;
            }

            if (_page is null)
            {
                _page = LogCursorTests.Read(_backplane, _cursor.BeginRead());
                return;
            }

            var page = _cursor.IsOtherHistory(_page) ? Now(_backplane.EndEpochAsync(Name, _cursor.Epoch)) : _page;
            _page = null;
            _mustRead = !_cursor.TryApply(page);
        }
    }
}
