using Chat.Sockets.Loops;

namespace Edge.Proxy.Relay;

/// <summary>A side that is a plain socket: the bytes on the wire are the relayed ones.</summary>
internal sealed class SocketSide(RelayPair pair, LoopSocket socket) : RelaySide(pair), ISocketOwner
{
    private bool _isHungUp; // whether the pair has been told

    public void OnReady(uint events)
    {
        if (HasWaiting && (events & (SocketLoop.Writable | SocketLoop.Failed)) != 0)
        {
            SendWaiting();
        }

        if (Pair.IsOver || IsReadToEnd)
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
            Pair.HungUp(this, isReset: (events & SocketLoop.Error) != 0);
        }
    }

    public void Tend() => Pair.Tend(this);

    public void OnFault(Exception fault) => Pair.Abort();

    public override void EndSending()
    {
        if (!HasWaiting && !IsDeaf)
        {
            socket.EndSending();
        }
    }

    public override void Watch()
    {
        if (!Pair.IsOver)
        {
            var toRead = IsReadToEnd ? 0 : !Other.HasWaiting ? SocketLoop.Readable : _isHungUp ? 0 : SocketLoop.HungUp;
            socket.Watch(toRead | (HasWaiting ? SocketLoop.Writable : 0));
        }
    }

    public override void Close(bool reset) => socket.Close(reset);

    protected override int TrySend(ReadOnlySpan<byte> bytes)
    {
        var sent = socket.Send(bytes);
        if (sent < 0 && !LoopSocket.IsBusy(sent))
        {
            Deafen();
        }

        return Math.Max(sent, 0);
    }

    private void Receive()
    {
        var buffer = socket.Loop.Buffer;
        var count = socket.Receive(buffer);
        if (count > 0)
        {
            Received(buffer.AsSpan(0, count));
        }
        else if (!LoopSocket.IsBusy(count))
        {
            ReceivedLast(isReset: count < 0);
        }
    }
}
