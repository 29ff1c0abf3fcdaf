using System.Buffers;
using Chat.Sockets.Loops;

namespace Edge.Proxy.Relay;

/// <summary>One of the two sockets of a relay. What is received here is sent at the other one at once; what that does not take waits there,
/// and nothing more is received here until it has gone. So what waits is never more than one receive.</summary>
internal sealed class RelaySide(RelayPair pair, LoopSocket socket) : ISocketOwner
{
    private byte[]? _waiting;
    private int _start;
    private int _end;
    private bool _isHungUp; // whether the pair has been told

    public LoopSocket Socket => socket;

    public RelayPair Pair => pair;

    public RelaySide Other { get; set; } = null!;

    /// <summary>Nothing more comes from here.</summary>
    public bool IsReadToEnd { get; private set; }

    /// <summary>Nothing can be sent here any more; what is meant for it is dropped.</summary>
    public bool IsDeaf { get; private set; }

    public bool HasWaiting => _waiting is not null;

    public void OnReady(uint events)
    {
        if (_waiting is not null && (events & (SocketLoop.Writable | SocketLoop.Failed)) != 0)
        {
            SendWaiting();
        }

        if (pair.IsOver || IsReadToEnd)
        {
            return;
        }

        if (!Other.HasWaiting)
        {
            if ((events & (SocketLoop.Readable | SocketLoop.Failed)) != 0)
            {
                Receive();
            }
        }
        else if (!_isHungUp && (events & (SocketLoop.HungUp | SocketLoop.Failed)) != 0)
        {
            _isHungUp = true;
            Watch();
            pair.HungUp(this, isReset: (events & SocketLoop.Error) != 0);
        }
    }

    public void Tend() => pair.Tend(this);

    public void OnFault(Exception fault) => Abort();

    public void Abort() => pair.Abort();

    /// <summary>Sends these. They may be overwritten afterwards.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsDeaf || pair.IsOver || bytes.IsEmpty)
        {
            return;
        }

        var sent = _waiting is null ? socket.Send(bytes) : 0;
        if (sent < 0 && !LoopSocket.IsBusy(sent))
        {
            Deafen();
            return;
        }

        if (sent < bytes.Length)
        {
            Keep(bytes[Math.Max(sent, 0)..]);
            Watch();
            Other.Watch();
        }
    }

    /// <summary>Ends this direction once everything is sent.</summary>
    public void EndSending()
    {
        if (!HasWaiting && !IsDeaf)
        {
            socket.EndSending();
        }
    }

    public void MarkReadToEnd()
    {
        IsReadToEnd = true;
        Watch();
    }

    public void Watch()
    {
        if (!pair.IsOver)
        {
            var toRead = IsReadToEnd ? 0 : !Other.HasWaiting ? SocketLoop.Readable : _isHungUp ? 0 : SocketLoop.HungUp;
            socket.Watch(toRead | (HasWaiting ? SocketLoop.Writable : 0));
        }
    }

    /// <summary>Hears and takes no more.</summary>
    public void CutOff()
    {
        IsReadToEnd = true;
        IsDeaf = true;
        Drop();
        socket.Close(reset: true);
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

    private void Receive()
    {
        var buffer = socket.Loop.Buffer;
        var count = socket.Receive(buffer);
        if (count > 0)
        {
            pair.Arrived(this, buffer.AsSpan(0, count));
            Other.Send(buffer.AsSpan(0, count));
        }
        else if (!LoopSocket.IsBusy(count))
        {
            IsReadToEnd = true;
            pair.Ended(this, isReset: count < 0);
            Watch();
        }
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        var kept = _waiting is null ? 0 : _end - _start;
        var buffer = ArrayPool<byte>.Shared.Rent(kept + rest.Length);
        _waiting.AsSpan(_start, kept).CopyTo(buffer);
        rest.CopyTo(buffer.AsSpan(kept));
        Drop();
        (_waiting, _start, _end) = (buffer, 0, kept + rest.Length);
    }

    private void SendWaiting()
    {
        var sent = socket.Send(_waiting.AsSpan(_start, _end - _start));
        if (sent < 0)
        {
            if (!LoopSocket.IsBusy(sent))
            {
                Deafen();
            }

            return;
        }

        pair.Progressed(this);
        _start += sent;
        if (_start == _end)
        {
            Drop();
            Watch();
            Other.Watch();
            pair.Emptied(this);
        }
    }

    private void Deafen()
    {
        IsDeaf = true;
        Drop();
        Watch();
        Other.Watch();
        pair.Deafened(this);
    }
}
