using Chat.Api.Connections;

namespace Chat.Tests.Simulation;

/// <summary>The connection from a node to one client. It takes as many bytes as it has room for, and keeps them until the client reads.</summary>
/// <remarks>A stream is one of SignalR's transports with its own framing: each send is an event or the answer to a poll and has to consist of whole
/// lines.</remarks>
internal sealed class SimulatedSocket(World world, bool isStream, Action<Line> sent) : IFrameSender
{
    private const int Room = 600; // bytes: a dozen lines
    private const int Most = 100; // bytes of an event, for the fault

    private readonly Queue<(Line Line, int Bytes)> _lines = new();
    private readonly List<byte> _partial = [];
    private int _unread;
    private ReadOnlyMemory<byte> _waiting;
    private TaskCompletionSource? _taken;

    /// <summary>Whether the client or the node has gone.</summary>
    public bool IsGone { get; private set; }

    public bool HasLines => _lines.Count > 0;

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        world.CheckThread();
        var room = Math.Max(0, Room - _unread);
        sent = IsGone ? 0 : !isStream ? Math.Min(bytes.Length, room) : bytes.Length <= room ? bytes.Length : 0;
        foreach (var length in Pieces(sent))
        {
            Take(bytes[..length]);
            bytes = bytes[length..];
        }

        return !IsGone;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (IsGone)
        {
            throw new IOException("The connection is gone.");
        }

        _waiting = bytes;
        _taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TakeWaiting();
        return new ValueTask(_taken?.Task ?? Task.CompletedTask);
    }

    public void Abort() => Leave();

    /// <summary>Reads the next line for the client.</summary>
    public Line Read()
    {
        var (line, bytes) = _lines.Dequeue();
        _unread -= bytes;
        TakeWaiting();
        return line;
    }

    /// <summary>Ends the connection. Lines that have arrived can still be read.</summary>
    public void Leave()
    {
        IsGone = true;
        _taken?.TrySetException(new IOException("The connection is gone."));
        _taken = null;
    }

    private void TakeWaiting()
    {
        if (_taken is null)
        {
            return;
        }

        var room = Math.Max(0, Room - _unread);
        var count = !isStream ? Math.Min(_waiting.Length, room) : _unread == 0 || _waiting.Length <= room ? _waiting.Length : 0;
        foreach (var length in Pieces(count))
        {
            Take(_waiting.Span[..length]);
            _waiting = _waiting[length..];
        }
        if (_waiting.IsEmpty)
        {
            _taken.TrySetResult();
            _taken = null;
        }
    }

    // One piece, but for the fault: there, bytes that were too many for one piece continued in the next, wherever the cut was.
    private int[] Pieces(int length) => world.Fault == Fault.RecordsCutInStreams && isStream && length > Most ? [Most, .. Pieces(length - Most)] : [length];

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (isStream && bytes is [.., not (byte)'\n'])
        {
            world.Violate("an event ends in the midst of a record");
        }

        _unread += bytes.Length;
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Line line;
            var length = end + 1;
            if (_partial.Count == 0)
            {
                line = Line.Parse(bytes[..end]);
            }
            else
            {
                _partial.AddRange(bytes[..end]);
                length = _partial.Count + 1;
                line = Line.Parse(_partial.ToArray());
                _partial.Clear();
            }

            sent(line);
            _lines.Enqueue((line, length));
            bytes = bytes[(end + 1)..];
        }

        _partial.AddRange(bytes);
    }
}
