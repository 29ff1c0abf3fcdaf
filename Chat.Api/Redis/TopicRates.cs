using System.Collections.Concurrent;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Redis;

/// <summary>The rate at which topics are written to in the whole cluster. It is limited so that many users together cannot drown a
/// topic's members.</summary>
/// <remarks>Guarantee: about <see cref="BackplaneOptions.TopicMessagesPerSecond"/> sustained, and a second's worth at once. Mechanism:
/// each acknowledgement carries an offset. The offsets between two of a node's own belong to messages of other nodes, so the node can
/// count those without asking anybody. It assumes that they are as large as its own messages are on average, and it learns of them late.
/// So what the topic may have had since, beyond a second's worth, is kept for them. A topic without a log has no offsets; there, each
/// node counts only its own messages.</remarks>
internal sealed class TopicRates(BackplaneOptions options, TimeProvider time, EventMarks? events = null)
{
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(1); // by then every allowance is full again

    private readonly ConcurrentDictionary<string, TopicRate> _topics = new(StringComparer.Ordinal);

    public int Count => _topics.Count;

    public TopicRate Of(ReadOnlySpan<byte> topic)
    {
        Span<char> name = stackalloc char[Topic.MaxNameChars];
        return Encoding.UTF8.TryGetChars(topic, name, out var length)
            && _topics.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..length], out var rate)
                ? rate
                : _topics.GetOrAdd(Encoding.UTF8.GetString(topic), static (name, args) => new TopicRate(args.options, args.time, args.events?.Of(name)), (options, time, events));
    }

    /// <summary>Forgets topics that nobody here writes to. Called once a tick.</summary>
    public void Sweep()
    {
        foreach (var (topic, rate) in _topics)
        {
            if (rate.Idle >= Age)
            {
                _topics.TryRemove(topic, out _);
            }
        }
    }
}

/// <summary>The rate of one topic. A limit of 0 means no limit.</summary>
internal sealed class TopicRate(BackplaneOptions options, TimeProvider time, TopicMark? mark = null)
{
    private readonly Lock _gate = new(); // guards everything below
    private double _messages = options.TopicMessagesPerSecond; // how many may still be published; below zero if too many were
    private double _bytes = options.TopicBytesPerSecond;
    private double _spareMessages; // what no longer fitted into _messages: it was for what others have written since the last acknowledgement
    private double _spareBytes;
    private double _size; // of a message, on average
    private long _filledAt = time.GetTimestamp();
    private byte[] _epoch = [];
    private long _offset;

    /// <summary>Null if its messages are told to no backend.</summary>
    public TopicMark? Mark => mark;

    public TimeSpan Idle
    {
        get
        {
            lock (_gate)
            {
                return time.GetElapsedTime(_filledAt);
            }
        }
    }

    /// <summary>Whether one more message may be published now.</summary>
    public bool TryTake(int bytes)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var seconds = time.GetElapsedTime(_filledAt, now).TotalSeconds;
            Fill(ref _messages, ref _spareMessages, seconds, options.TopicMessagesPerSecond);
            Fill(ref _bytes, ref _spareBytes, seconds, options.TopicBytesPerSecond);
            _filledAt = now;
            if ((_messages < 1 && options.TopicMessagesPerSecond > 0) || (_bytes <= 0 && options.TopicBytesPerSecond > 0))
            {
                return false;
            }

            _messages -= 1;
            _bytes -= bytes; // below zero, if need be: the largest message gets through, and the next ones wait for it
            _size += (bytes - _size) / 8;
            return true;
        }
    }

    /// <summary>Notes where a message of this node stands in the log. Messages of other nodes before it are counted as well.</summary>
    public void Acknowledged(ReadOnlySpan<byte> epoch, long offset)
    {
        lock (_gate)
        {
            if (!epoch.SequenceEqual(_epoch))
            {
                (_epoch, _offset) = (epoch.ToArray(), offset);
            }
            else if (offset <= _offset)
            {
                return; // acknowledgements may change places: this one says nothing new of others
            }

            var others = Math.Max(0, offset - _offset - 1);
            Charge(ref _messages, ref _spareMessages, others, options.TopicMessagesPerSecond);
            Charge(ref _bytes, ref _spareBytes, others * _size, options.TopicBytesPerSecond);
            _offset = offset;
        }
    }

    private static void Fill(ref double left, ref double spare, double seconds, double limit)
    {
        var all = left + (seconds * limit);
        left = Math.Min(limit, all);
        spare += all - left;
    }

    private static void Charge(ref double left, ref double spare, double others, double limit)
    {
        left = Math.Max(left - Math.Max(0, others - spare), -limit);
        spare = 0; // it was for the time up to this acknowledgement
    }
}
