using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Spreads delivery over threads, so that one busy topic holds up neither the other topics nor the reading thread.</summary>
/// <remarks>
/// <para>Guarantee: each topic's envelopes are delivered one at a time, in the order in which they came. Two topics never wait for
/// each other for longer than a turn, if there are not more busy topics than threads. The reading thread never waits.</para>
/// <para>Mechanism: each topic has a lane of its own. Topics whose lanes are not empty take turns at a few threads; a turn is bounded,
/// then the topic goes behind the others. The reading thread itself delivers an envelope if the topic has few members, its lane is empty
/// and the round is still small: waking another thread would cost more than the work.</para>
/// <para>Failure: lanes are bounded in bytes. Once a lane has overflowed, further messages are left to the log, which the topic reads when its lane is
/// empty. Signals, which are in no log, are dropped and counted until then: accepting them could keep the lane from ever becoming empty.</para>
/// </remarks>
internal sealed partial class DeliveryLanes(TopicOptions options, TopicFills fills, TopicMetrics metrics, ILogger logger) : IDisposable
{
    // A delivery takes some 5 µs, most of it the system call that sends (bench/README.md). So the reading thread spends about a
    // millisecond at most on a round. And in a topic with tens of members, the 10 µs of a wake-up no longer matter.
    private const int RoundDeliveries = 256;
    private const int FewMembers = 64;

    // Messages to one member in the same turn go out together, at less than 1 µs each: a turn takes some 20 ms at most.
    private const int TurnDeliveries = 16 * 1024;

    private readonly object _gate = new(); // guards the lanes and what follows; a Monitor, since threads wait for it to be pulsed
    private readonly Queue<LocalTopic> _due = new();
    private readonly List<Thread> _threads = [];
    private int _idle; // threads that wait and have not been woken
    private long _waitingBytes;
    private bool _isStopped;

    private readonly List<LocalTopic> _handedOver = []; // in this round; only the reading thread whose turn it is uses this and the next field
    private int _deliveries;

    /// <summary>How many bytes wait, for metrics.</summary>
    public long WaitingBytes => Volatile.Read(ref _waitingBytes);

    /// <summary>On the reading thread: an envelope has come.</summary>
    public void Take(LocalTopic topic, ReadOnlySpan<byte> envelope)
    {
        if (IsForThisThread(topic))
        {
            Receive(topic, isHead: false, envelope);
        }
        else
        {
            HandOver(topic, isHead: false, envelope);
        }
    }

    /// <summary>On the reading thread: the log reaches at least this offset. It is compared with the topic's position once everything
    /// that came before has been delivered.</summary>
    public void TakeHead(LocalTopic topic, ReadOnlySpan<byte> epoch, long offset)
    {
        if (!topic.Lane.IsBusy)
        {
            Check(topic, epoch, offset);
            return;
        }

        Span<byte> head = stackalloc byte[sizeof(long) + 64];
        if (epoch.Length <= 64)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head, offset);
            epoch.CopyTo(head[sizeof(long)..]);
            HandOver(topic, isHead: true, head[..(sizeof(long) + epoch.Length)]);
        }
    }

    /// <summary>On the reading thread: everything that had arrived has been taken.</summary>
    public void EndRound()
    {
        _deliveries = 0;
        if (_handedOver.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var topic in _handedOver)
            {
                _due.Enqueue(topic);
                WakeOne_NeedsLock();
            }
        }

        _handedOver.Clear();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        _threads.ForEach(thread => thread.Join(TimeSpan.FromSeconds(3)));
    }

    private bool IsForThisThread(LocalTopic topic)
    {
        var members = topic.MembersAtAGlance;
        return !topic.Lane.IsBusy && members <= FewMembers && (_deliveries += Math.Max(1, members)) <= RoundDeliveries;
    }

    private void HandOver(LocalTopic topic, bool isHead, ReadOnlySpan<byte> bytes)
    {
        var lane = topic.Lane;
        lock (_gate)
        {
            var cost = TopicLane.Cost(bytes.Length);
            var isLogged = isHead || bytes.StartsWith("{\"Offset\":"u8); // as publish.lua writes it
            if (HasRoom_NeedsLock(lane, cost) && !lane.HasOverflowed)
            {
                lane.Add(isHead, bytes);
                _waitingBytes += cost;
            }
            else if (isLogged)
            {
                lane.HasOverflowed = true;
                metrics.LeftToTheLog();
            }
            else
            {
                metrics.SignalDropped();
            }

            if (!lane.IsBusy)
            {
                lane.IsBusy = true;
                _handedOver.Add(topic);
            }
        }
    }

    // At least one fits, however large.
    private bool HasRoom_NeedsLock(TopicLane lane, int cost) =>
        (lane.Bytes == 0 || lane.Bytes + cost <= options.WaitingBytesPerTopic)
        && (_waitingBytes == 0 || _waitingBytes + cost <= options.WaitingBytes);

    private void WakeOne_NeedsLock()
    {
        if (_idle > 0)
        {
            _idle--;
            Monitor.Pulse(_gate);
        }
        else if (_threads.Count < options.Threads && !_isStopped)
        {
            var thread = new Thread(Run) { IsBackground = true, Name = "deliver" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    private void Run()
    {
        SendBatch.Begin();
        while (TryBegin(out var topic))
        {
            var isInQuickSuccession = Stopwatch.GetElapsedTime(topic.Lane.TurnEndedAt) < options.GatherTime * 2;
            var members = Math.Max(1, topic.MembersAtAGlance);
            var delivered = 0;
            for (; delivered < TurnDeliveries && topic.Lane.TryTake(out var isHead, out var bytes); delivered += members)
            {
                Receive(topic, isHead, bytes);
            }

            SendBatch.Flush();
            if (isInQuickSuccession && delivered < TurnDeliveries && NobodyWaits())
            {
                Thread.Sleep(options.GatherTime); // as RespLink does: the cost is in the sends, not in the messages
            }

            End(topic);
        }
    }

    private bool NobodyWaits()
    {
        lock (_gate)
        {
            return _due.Count == 0;
        }
    }

    private bool TryBegin([NotNullWhen(true)] out LocalTopic? topic)
    {
        lock (_gate)
        {
            topic = null;
            while (!_isStopped && !_due.TryDequeue(out topic))
            {
                _idle++;
                Monitor.Wait(_gate);
            }

            topic?.Lane.BeginTurn();
            return topic is not null;
        }
    }

    private void End(LocalTopic topic)
    {
        var lane = topic.Lane;
        bool hasOverflowed;
        lock (_gate)
        {
            _waitingBytes -= lane.EndTurn();
            lane.TurnEndedAt = Stopwatch.GetTimestamp();
            if (lane.HasMore)
            {
                _due.Enqueue(topic);
                return;
            }

            hasOverflowed = lane.HasOverflowed;
            lane.HasOverflowed = false;
            lane.IsBusy = false; // last: from here on the reading thread may deliver
        }

        if (hasOverflowed)
        {
            Suspect(topic); // only now: messages dropped before this point are in the log that is read after it
        }
    }

    private void Receive(LocalTopic topic, bool isHead, ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (isHead)
            {
                Check(topic, bytes[sizeof(long)..], BinaryPrimitives.ReadInt64LittleEndian(bytes));
            }
            else if (topic.Receive(bytes))
            {
                fills.Add(topic);
            }
        }
        catch (Exception exception)
        {
            // Catch everything: without this thread, its topics would be deaf. The members have been told.
            Log.Failed(logger, exception, topic.Topic.Kind);
            Suspect(topic);
        }
    }

    private void Check(LocalTopic topic, ReadOnlySpan<byte> epoch, long offset)
    {
        if (topic.Suspect(epoch, offset))
        {
            fills.Add(topic);
        }
    }

    private void Suspect(LocalTopic topic)
    {
        if (topic.Suspect())
        {
            fills.Add(topic);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "DeliveryFailed", Message = "A message of a topic ({Kind}) could not be delivered to all members, who are told so.")]
        public static partial void Failed(ILogger logger, Exception exception, TopicKind kind);
    }
}
