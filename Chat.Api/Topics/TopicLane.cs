using System.Buffers;
using System.Buffers.Binary;

namespace Chat.Api.Topics;

/// <summary>The envelopes and heads that came for one topic and wait, in order, for a thread to deliver them.</summary>
/// <remarks>Guarded by the lock of <see cref="DeliveryLanes"/>, except for what a turn took, which belongs to its thread alone. The bytes
/// lie one after the other in a pooled array: adding costs one copy.</remarks>
internal sealed class TopicLane
{
    private const int Header = sizeof(int); // length, and in the lowest bit whether it is a head
    private const int LeastArray = 4096;

    private byte[] _waiting = [];
    private int _end;
    private byte[] _turn = [];
    private int _turnStart;
    private int _turnEnd;
    private int _taken; // bytes of the turn that are delivered and still counted as waiting
    private volatile bool _isBusy;

    /// <summary>Whether something waits or is being delivered, so that anything that comes now has to queue behind it. The thread that
    /// adds reads this without the lock: false stays false until that thread adds.</summary>
    public bool IsBusy
    {
        get => _isBusy;
        set => _isBusy = value;
    }

    /// <summary>Whether messages were dropped that have to be read from the log.</summary>
    public bool HasOverflowed { get; set; }

    public int Bytes { get; private set; }

    /// <summary>When its last turn ended, as a <see cref="System.Diagnostics.Stopwatch"/> timestamp.</summary>
    public long TurnEndedAt { get; set; }

    public bool HasMore => _turnStart < _turnEnd || _end > 0;

    public static int Cost(int length) => Header + length;

    public void Add(bool isHead, ReadOnlySpan<byte> bytes)
    {
        var cost = Cost(bytes.Length);
        if (_waiting.Length - _end < cost)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(LeastArray, Math.Max(_waiting.Length * 2, _end + cost)));
            _waiting.AsSpan(0, _end).CopyTo(larger);
            GiveBack(_waiting);
            _waiting = larger;
        }

        BinaryPrimitives.WriteInt32LittleEndian(_waiting.AsSpan(_end), (bytes.Length << 1) | (isHead ? 1 : 0));
        bytes.CopyTo(_waiting.AsSpan(_end + Header));
        _end += cost;
        Bytes += cost;
    }

    /// <summary>Begins a turn: from here on, <see cref="TryTake"/> belongs to the caller.</summary>
    public void BeginTurn()
    {
        if (_turnStart == _turnEnd)
        {
            (_turn, _turnStart, _turnEnd) = (_waiting, 0, _end);
            (_waiting, _end) = ([], 0);
        }
    }

    /// <summary>The next item that the turn took, valid until the turn ends. Needs no lock.</summary>
    public bool TryTake(out bool isHead, out ReadOnlySpan<byte> bytes)
    {
        isHead = false;
        bytes = default;
        if (_turnStart == _turnEnd)
        {
            return false;
        }

        var header = BinaryPrimitives.ReadInt32LittleEndian(_turn.AsSpan(_turnStart));
        isHead = (header & 1) != 0;
        bytes = _turn.AsSpan(_turnStart + Header, header >> 1);
        var cost = Cost(bytes.Length);
        _turnStart += cost;
        _taken += cost;
        return true;
    }

    /// <summary>Returns how many bytes no longer wait.</summary>
    public int EndTurn()
    {
        if (_turnStart == _turnEnd)
        {
            GiveBack(_turn);
            (_turn, _turnStart, _turnEnd) = ([], 0, 0);
        }

        var taken = _taken;
        _taken = 0;
        Bytes -= taken;
        return taken;
    }

    private static void GiveBack(byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
