using System.Diagnostics.CodeAnalysis;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>How far the logs go to which this node has recently published. Every node is told once a topic is quiet.</summary>
/// <remarks>
/// <para>Guarantee: a node that holds a topic learns within about three ticks that the topic's last acknowledged message has not arrived.
/// Otherwise a gap would show only with the topic's next message, which may be hours away.</para>
/// <para>Mechanism: each acknowledged publish notes its position here. When a topic was quiet for a whole tick, its position is told on
/// one channel that all nodes listen to. It is told twice, because whatever lost the message may lose one notice as well. Notices that
/// may have been lost with a link are told again over the next one. A topic in constant traffic needs none: its next message shows the
/// gap. A node that is at the position does nothing; a node that is not reads the log.</para>
/// <para>Failure: a node that dies between the acknowledgement and the notice sends none. If pub/sub loses a message <em>and</em>
/// its node dies within two seconds, the gap waits for the topic's next message.</para>
/// <para>Bounds: at most <see cref="BackplaneOptions.HeadBytes"/> a tick; what does not fit waits for the next tick. At most
/// <see cref="BackplaneOptions.HeadsWaiting"/> topics wait; beyond that, the topic that has been quiet for longest is dropped and counted.</para>
/// </remarks>
internal sealed class TopicHeads(BackplaneOptions options, BackplaneMetrics metrics)
{
    private const int Tellings = 2;
    private const int Separators = 2 + 1 + 20; // two blanks, a line feed, and the digits of any offset

    private readonly Lock _gate = new(); // guards what follows
    private readonly LinkedList<Head> _byAge = new(); // the one quiet for longest first
    private readonly Dictionary<byte[], LinkedListNode<Head>> _byTopic = new(TopicComparer.Instance);
    private long _tick;

    /// <summary>Notes that a message of the topic was acknowledged at this position. Called for each message: it costs a look-up, and an
    /// allocation only for a topic that was quiet.</summary>
    public void Acknowledged(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset)
    {
        if (options.HeadBytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_byTopic.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var node))
            {
                node.Value.Acknowledged(epoch, offset, _tick);
                _byAge.Remove(node);
                _byAge.AddLast(node);
                return;
            }

            if (_byTopic.Count >= options.HeadsWaiting)
            {
                Remove_NeedsLock(_byAge.First!);
                metrics.HeadDropped();
            }

            node = _byAge.AddLast(new Head(topic.ToArray()));
            node.Value.Acknowledged(epoch, offset, _tick);
            _byTopic.Add(node.Value.Topic, node);
        }
    }

    /// <summary>Ends a tick: passes on the positions that are due now, one line <c>{epoch} {offset} {topic}</c> each.</summary>
    /// <param name="tell">Sends the lines. Returns false if it could not; they are then sent at a later tick. Called at most once, under
    /// the lock. It calls its second argument if it turns out that the lines may not have reached Redis.</param>
    /// <returns>How many lines were sent.</returns>
    public int Tell(Func<CommandBuffer, Action, bool> tell)
    {
        var lines = new CommandBuffer();
        var count = 0;
        List<Notice> notices = [];
        lock (_gate)
        {
            for (var node = _byAge.First; node is not null && node.Value.Tick < _tick && lines.Length + node.Value.Bytes + Separators <= options.HeadBytes; node = node.Next)
            {
                notices.Add(node.Value.Write(lines));
                count++;
            }

            var told = count > 0 && tell(lines, () => TellAgain(notices)) ? count : 0;
            for (var i = 0; i < told; i++)
            {
                var node = _byAge.First!;
                if (++node.Value.Told == Tellings)
                {
                    Remove_NeedsLock(node);
                }
                else
                {
                    node.Value.Tick = _tick; // once more at the next tick
                    _byAge.Remove(node);
                    _byAge.AddLast(node);
                }
            }

            _tick++;
            return told;
        }
    }

    private void TellAgain(List<Notice> notices)
    {
        lock (_gate)
        {
            foreach (var (topic, epoch, offset) in notices)
            {
                // There is nothing to tell about an epoch that has ended meanwhile.
                if (!_byTopic.TryGetValue(topic, out var node) || node.Value.IsOf(epoch))
                {
                    Acknowledged(topic, epoch, offset);
                }
            }
        }
    }

    private void Remove_NeedsLock(LinkedListNode<Head> node)
    {
        _byAge.Remove(node);
        _byTopic.Remove(node.Value.Topic);
    }

    private sealed class Head(byte[] topic)
    {
        private byte[] _epoch = [];
        private long _offset;

        public byte[] Topic => topic;

        /// <summary>The tick at which it was acknowledged or told last.</summary>
        public long Tick { get; set; }

        public int Told { get; set; }

        public int Bytes => topic.Length + _epoch.Length;

        public void Acknowledged(ReadOnlySpan<byte> epoch, long offset, long tick)
        {
            if (!epoch.SequenceEqual(_epoch))
            {
                (_epoch, _offset) = (epoch.ToArray(), 0);
            }

            _offset = Math.Max(_offset, offset); // a message sent twice is acknowledged with its old position
            (Tick, Told) = (tick, 0);
        }

        public bool IsOf(byte[] epoch) => epoch.AsSpan().SequenceEqual(_epoch);

        public Notice Write(CommandBuffer lines)
        {
            lines.Raw(_epoch).Raw(" "u8).Raw(_offset).Raw(" "u8).Raw(topic).Raw("\n"u8);
            return new Notice(topic, _epoch, _offset);
        }
    }

    private readonly record struct Notice(byte[] Topic, byte[] Epoch, long Offset);

    /// <summary>Finds a topic by bytes that are still in a caller's buffer.</summary>
    private sealed class TopicComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly TopicComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
