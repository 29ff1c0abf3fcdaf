using Chat.Api.Connections;
using Chat.Tests.Support;

namespace Chat.Tests.Connections;

/// <summary>A client that takes as many bytes as a test allows.</summary>
internal sealed class FakeSender : IFrameSender
{
    private readonly Lock _gate = new(); // guards all fields below
    private readonly List<byte> _sent = [];
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _room;

    public FakeSender(long room = long.MaxValue) => _room = room;

    /// <summary>The number of sends that did not wait.</summary>
    public int Sends { get; private set; }

    /// <summary>The number of bytes given to each send, also to those that waited for the client.</summary>
    public List<int> Sizes { get; } = [];

    /// <summary>The bytes of a send that waits for the client.</summary>
    public int Waiting { get; private set; }

    public bool IsGone { get; set; }

    public bool IsAborted { get; private set; }

    public byte[] Sent
    {
        get
        {
            lock (_gate)
            {
                return [.. _sent];
            }
        }
    }

    /// <summary>Lets the client read this many more bytes.</summary>
    public void Read(long bytes)
    {
        lock (_gate)
        {
            _room = bytes > long.MaxValue - _room ? long.MaxValue : _room + bytes;
            Moved_NeedsLock();
        }
    }

    /// <summary>Lets the client go away.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            IsGone = true;
            Moved_NeedsLock();
        }
    }

    public Task SentAsync(int bytes) => Eventually.TrueAsync(() => Sent.Length >= bytes);

    public Task WaitingAsync() => Eventually.TrueAsync(() => Waiting > 0);

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        lock (_gate)
        {
            Sends++;
            Sizes.Add(bytes.Length);
            sent = IsGone ? 0 : Take_NeedsLock(bytes);
            return !IsGone;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            Sizes.Add(bytes.Length);
        }

        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (IsGone)
                {
                    throw new IOException("Gone.");
                }

                bytes = bytes[Take_NeedsLock(bytes.Span)..];
                Waiting = bytes.Length;
                moved = _moved.Task;
            }

            if (bytes.IsEmpty)
            {
                return;
            }

            await moved;
        }
    }

    public void Abort() => IsAborted = true;

    private int Take_NeedsLock(ReadOnlySpan<byte> bytes)
    {
        var taken = (int)Math.Min(bytes.Length, _room);
        _sent.AddRange(bytes[..taken]);
        _room -= _room == long.MaxValue ? 0 : taken;
        return taken;
    }

    private void Moved_NeedsLock()
    {
        var moved = _moved;
        _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        moved.SetResult();
    }
}
