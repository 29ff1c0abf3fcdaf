using System.Buffers;

namespace Edge.Proxy.Relay;

/// <summary>One of the two ends of a relay. What is received here is sent at the other one at once; what that does not take waits there,
/// and nothing more is received here until it has gone. So what waits is never more than one receive.</summary>
/// <remarks>For the loop's thread only.</remarks>
internal abstract class RelaySide(RelayPair pair)
{
    private byte[]? _waiting;
    private int _start;
    private int _end;

    public RelayPair Pair => pair;

    public RelaySide Other { get; set; } = null!;

    /// <summary>Nothing more comes from here.</summary>
    public bool IsReadToEnd { get; protected set; }

    /// <summary>Nothing can be sent here any more; what is meant for it is dropped.</summary>
    public bool IsDeaf { get; protected set; }

    /// <summary>Whether it is to take something before more is received at the other side.</summary>
    public virtual bool HasWaiting => _waiting is not null;

    protected ReadOnlyMemory<byte> Waiting => _waiting.AsMemory(_start, _end - _start);

    /// <summary>Sends these. They may be overwritten afterwards.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsDeaf || pair.IsOver || bytes.IsEmpty)
        {
            return;
        }

        var sent = HasWaiting ? 0 : TrySend(bytes);
        if (!IsDeaf && !pair.IsOver && sent < bytes.Length)
        {
            Keep(bytes[sent..]);
        }

        if (HasWaiting)
        {
            Watch();
            Other.Watch();
        }
    }

    /// <summary>Ends this direction once everything is sent.</summary>
    public abstract void EndSending();

    /// <summary>Receives, or waits for room to send, as it is now to be done.</summary>
    public abstract void Watch();

    /// <summary>Ends both directions.</summary>
    /// <param name="reset">It is told that this was no orderly end.</param>
    public abstract void Close(bool reset);

    public void MarkReadToEnd()
    {
        IsReadToEnd = true;
        Watch();
    }

    /// <summary>Hears and takes no more.</summary>
    public void CutOff()
    {
        IsReadToEnd = true;
        IsDeaf = true;
        Drop();
        Close(reset: true);
        Other.Watch();
    }

    /// <summary>Lets go of what waits.</summary>
    public void Drop()
    {
        if (_waiting is not null)
        {
            ArrayPool<byte>.Shared.Return(_waiting);
            (_waiting, _start, _end) = (null, 0, 0);
        }
    }

    /// <summary>How many of these were taken; what was not comes again when <see cref="HasWaiting"/> is at an end. It may have become deaf.</summary>
    protected abstract int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>There may be room again.</summary>
    protected void SendWaiting()
    {
        if (_waiting is not null)
        {
            var sent = TrySend(Waiting.Span);
            if (IsDeaf || pair.IsOver || sent == 0)
            {
                return;
            }

            pair.Progressed(this);
            _start += sent;
            if (_start == _end)
            {
                Drop();
            }
        }

        if (!HasWaiting)
        {
            Watch();
            Other.Watch();
            pair.Emptied(this);
        }
    }

    protected void Received(ReadOnlySpan<byte> bytes)
    {
        pair.Arrived(this, bytes);
        Other.Send(bytes);
    }

    protected void ReceivedLast(bool isReset)
    {
        IsReadToEnd = true;
        pair.Ended(this, isReset);
        Watch();
    }

    protected void Deafen()
    {
        IsDeaf = true;
        Drop();
        Watch();
        Other.Watch();
        pair.Deafened(this);
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        var kept = Waiting;
        var buffer = ArrayPool<byte>.Shared.Rent(kept.Length + rest.Length);
        kept.Span.CopyTo(buffer);
        rest.CopyTo(buffer.AsSpan(kept.Length));
        var end = kept.Length + rest.Length;
        Drop();
        (_waiting, _start, _end) = (buffer, 0, end);
    }
}
