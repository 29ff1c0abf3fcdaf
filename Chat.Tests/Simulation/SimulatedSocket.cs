using Chat.Api.Connections;

namespace Chat.Tests.Simulation;

/// <summary>The way from a node to one client: takes what there is room for, and keeps it until the client reads.</summary>
internal sealed class SimulatedSocket(World world, Action<Line> sent) : IFrameSender
{
    private const int Room = 600; // bytes: a dozen lines

    private readonly Queue<(Line Line, int Bytes)> _lines = new();
    private readonly List<byte> _partial = [];
    private int _unread;
    private ReadOnlyMemory<byte> _waiting;
    private TaskCompletionSource? _taken;

    /// <summary>The client has gone, or the node has.</summary>
    public bool IsGone { get; private set; }

    public bool HasLines => _lines.Count > 0;

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        world.CheckThread();
        sent = IsGone ? 0 : Math.Min(bytes.Length, Math.Max(0, Room - _unread));
        Take(bytes[..sent]);
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

    /// <summary>The client reads the next line.</summary>
    public Line Read()
    {
        var (line, bytes) = _lines.Dequeue();
        _unread -= bytes;
        TakeWaiting();
        return line;
    }

    /// <summary>Nothing more comes; what has come can still be read.</summary>
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

        var count = Math.Min(_waiting.Length, Math.Max(0, Room - _unread));
        Take(_waiting.Span[..count]);
        _waiting = _waiting[count..];
        if (_waiting.IsEmpty)
        {
            _taken.TrySetResult();
            _taken = null;
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
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
