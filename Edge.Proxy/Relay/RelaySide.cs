using System.Buffers;

namespace Edge.Proxy.Relay;

/// <summary>One of the two ends of a relay. Bytes that are received here are sent at the other end at once. If that does not take them all,
/// the rest waits there, and nothing more is received here until it is sent. So never more than one receive waits.</summary>
/// <remarks>For the loop's thread only.</remarks>
internal abstract class RelaySide(RelayPair pair)
{
    private byte[]? _waiting;
    private int _start;
    private int _end;

    public RelayPair Pair => pair;

    public RelaySide Other { get; set; } = null!;

    /// <summary>Whether nothing more comes from here.</summary>
    public bool IsReadToEnd { get; protected set; }

    /// <summary>Whether nothing can be sent here any more; bytes for this side are then dropped.</summary>
    public bool IsDeaf { get; protected set; }

    /// <summary>Whether this side still has to take something before more is received at the other one.</summary>
    public virtual bool HasWaiting => _waiting is not null;

    protected ReadOnlyMemory<byte> Waiting => _waiting.AsMemory(_start, _end - _start);

    /// <summary>Sends the bytes. The caller may overwrite them afterwards.</summary>
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

    /// <summary>Updates what it waits for: bytes to receive, room to send, or nothing.</summary>
    public abstract void Watch();

    /// <summary>Ends both directions.</summary>
    /// <param name="reset">Whether to tell the other end of the connection that this was no orderly end.</param>
    public abstract void Close(bool reset);

    public void MarkReadToEnd()
    {
        IsReadToEnd = true;
        Watch();
    }

    /// <summary>From now on, nothing is received or sent here.</summary>
    public void CutOff()
    {
        IsReadToEnd = true;
        IsDeaf = true;
        Drop();
        Close(reset: true);
        Other.Watch();
    }

    /// <summary>Releases the bytes that wait.</summary>
    public void Drop()
    {
        if (_waiting is not null)
        {
            ArrayPool<byte>.Shared.Return(_waiting);
            (_waiting, _start, _end) = (null, 0, 0);
        }
    }

    /// <summary>Returns how many of the bytes were taken. The rest is tried again when there is room. The side may have become deaf.</summary>
    protected abstract int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Called when there may be room again.</summary>
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
