using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Events;

/// <summary>Decides whose queue is looked at next. A topic has one turn at a time, and goes behind the others after each.</summary>
internal sealed class TopicTurns : IDisposable
{
    private readonly Lock _gate = new(); // guards everything below
    private readonly Dictionary<string, TopicTurn> _topics = new(StringComparer.Ordinal);
    private readonly long[] _bytes = new long[EventMarks.Partitions]; // waiting bytes, by partition
    private readonly PriorityQueue<TopicTurn, long> _later = new(); // by timestamp
    private readonly Channel<TopicTurn> _ready = Channel.CreateUnbounded<TopicTurn>();
    private readonly Channel<TopicTurn> _readyAside = Channel.CreateUnbounded<TopicTurn>(); // topics that fail
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public TopicTurns(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => OnDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many events waited when somebody last looked, and when the oldest of them happened; 0: none.</summary>
    public (long Waiting, long OldestAt) Backlog
    {
        get
        {
            lock (_gate)
            {
                var waiting = _topics.Values.Where(static turn => turn.Waiting > 0).ToList();
                return waiting.Count == 0 ? (0, 0) : (waiting.Sum(static turn => turn.Waiting), waiting.Min(static turn => turn.OldestAt));
            }
        }
    }

    /// <summary>How many topics wait for the end of a pause. For tests.</summary>
    public int Pausing
    {
        get
        {
            lock (_gate)
            {
                return _later.Count;
            }
        }
    }

    /// <summary>Whether topics wait for a place that is not aside.</summary>
    public bool AnyWaits => _ready.Reader.Count > 0;

    /// <summary>Yields turns, as soon as there is a place for each. Each turn has to end with one of the methods below, and then its place has to be
    /// freed.</summary>
    /// <param name="places">The places to take from.</param>
    /// <param name="aside">Whether to yield the turns of topics that fail, or those of all others.</param>
    /// <param name="cancellationToken">Ends the sequence.</param>
    public async IAsyncEnumerable<(TopicTurn Turn, EventPlace Place)> TakeAllAsync(EventPlaces places, bool aside, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ready = (aside ? _readyAside : _ready).Reader;
        while (await ready.WaitToReadAsync(cancellationToken))
        {
            var place = await places.TakeAsync(aside, cancellationToken);
            if (!ready.TryRead(out var turn))
            {
                place.Dispose(); // Hurry was faster
                continue;
            }

            lock (_gate)
            {
                turn.State = TurnState.UnderWay;
                turn.IsHeard = false;
            }

            yield return (turn, place);
        }
    }

    /// <summary>Called when there may be something in a topic's queue.</summary>
    public void Hear(Topic topic, MarkedTopic? mark = null)
    {
        lock (_gate)
        {
            if (!_topics.TryGetValue(topic.Name, out var turn))
            {
                _topics[topic.Name] = turn = new TopicTurn(topic);
                _ready.Writer.TryWrite(turn);
            }
            else if (turn.State == TurnState.UnderWay)
            {
                turn.IsHeard = true;
                return; // without the mark: the look under way may have been made before it was known
            }

            turn.Mark = mark ?? turn.Mark;
        }
    }

    /// <summary>Notes what waits in a topic's queue.</summary>
    public void Saw(TopicTurn turn, long waiting, long bytes, long oldestAt)
    {
        lock (_gate)
        {
            if (_topics.GetValueOrDefault(turn.Topic.Name) == turn) // the turn may have ended while somebody else cut its queue
            {
                _bytes[turn.Partition] += bytes - turn.Bytes;
                (turn.Waiting, turn.Bytes, turn.OldestAt) = (waiting, bytes, oldestAt);
            }
        }
    }

    /// <summary>The topic with the most bytes in a partition that has more than its share, and how many of these bytes may stay. Null if the
    /// partition does not exceed its share.</summary>
    public (TopicTurn Turn, long Bytes)? TooMuch(int partition, long share)
    {
        lock (_gate)
        {
            return _bytes[partition] > share && _topics.Values.Where(turn => turn.Partition == partition).MaxBy(static turn => turn.Bytes) is { } most
                ? (most, Math.Max(0, most.Bytes - (_bytes[partition] - share)))
                : null;
        }
    }

    /// <summary>Ends the turn when there is more in the queue.</summary>
    public void Again(TopicTurn turn)
    {
        lock (_gate)
        {
            Ready_NeedsLock(turn);
        }
    }

    /// <summary>Ends the turn. The next one comes after the pause.</summary>
    public void Later(TopicTurn turn, TimeSpan pause)
    {
        lock (_gate)
        {
            turn.State = TurnState.Later;
            turn.IsHeard = false;
            _later.Enqueue(turn, _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency));
            SetTimer_NeedsLock();
        }
    }

    /// <summary>Ends the turn when nothing is left in the queue.</summary>
    public void End(TopicTurn turn)
    {
        lock (_gate)
        {
            if (turn.IsHeard)
            {
                Ready_NeedsLock(turn);
            }
            else
            {
                Remove_NeedsLock(turn);
            }
        }
    }

    /// <summary>Ends the turn when other nodes serve the topic.</summary>
    public void Drop(TopicTurn turn)
    {
        lock (_gate)
        {
            Remove_NeedsLock(turn);
        }
    }

    /// <summary>Called when the receiver is back. No topic waits for a pause any longer, and only those that had failed before wait for a place
    /// aside.</summary>
    /// <param name="failingSince">The timestamp since which failures were not the fault of single topics.</param>
    public void Hurry(long failingSince)
    {
        lock (_gate)
        {
            var waiting = _topics.Values.Where(static turn => turn.State == TurnState.Later).ToList();
            _later.Clear();
            while (_readyAside.Reader.TryRead(out var turn))
            {
                waiting.Add(turn);
            }

            foreach (var turn in waiting)
            {
                turn.IsFailing &= turn.FailingSince < failingSince;
                Ready_NeedsLock(turn);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Remove_NeedsLock(TopicTurn turn)
    {
        _topics.Remove(turn.Topic.Name);
        _bytes[turn.Partition] -= turn.Bytes;
        turn.Bytes = 0;
    }

    private void Ready_NeedsLock(TopicTurn turn)
    {
        turn.State = TurnState.Ready;
        (turn.IsFailing ? _readyAside : _ready).Writer.TryWrite(turn);
    }

    private void OnDue()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            while (_later.TryPeek(out var turn, out var due) && due <= now)
            {
                _later.Dequeue();
                Ready_NeedsLock(turn);
            }

            SetTimer_NeedsLock();
        }
    }

    private void SetTimer_NeedsLock()
    {
        if (_later.TryPeek(out _, out var due))
        {
            var pause = TimeSpan.FromSeconds(Math.Max(0, due - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
            _timer.Change(pause + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan); // no sooner than it is due
        }
    }
}
