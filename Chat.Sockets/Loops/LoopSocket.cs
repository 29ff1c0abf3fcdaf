namespace Chat.Sockets.Loops;

/// <summary>A socket that never blocks and tells its owner when there is something to do. All members except <see cref="Send"/> and the
/// first <see cref="Watch"/> are for the thread of its loop only, which makes closing it safe.</summary>
internal sealed class LoopSocket
{
    private const int SendingOnly = 1;
    private const int BothWays = 2;

    private readonly int _file;
    private readonly int _number;
    private readonly bool _ownsFile;
    private uint _watched;
    private volatile bool _isClosed;

    public LoopSocket(SocketLoop loop, int file, ISocketOwner owner, bool ownsFile = true)
    {
        Loop = loop;
        _ownsFile = ownsFile;
        Owner = owner;
        _file = file;
        _number = loop.Add(this);
    }

    public SocketLoop Loop { get; }

    public ISocketOwner Owner { get; set; }

    public bool IsClosed => _isClosed;

    /// <summary>Returns the number of bytes received, 0 if the other side has ended sending, or a negative error; see <see cref="IsBusy"/>.</summary>
    public int Receive(Span<byte> buffer) => Libc.Receive(_file, buffer);

    /// <summary>Returns how many of the bytes were taken, or a negative error; see <see cref="IsBusy"/>.</summary>
    /// <remarks>The caller makes sure that nobody closes the socket meanwhile. Nothing is sent to a closed one: its number may belong to another.</remarks>
    public int Send(ReadOnlySpan<byte> bytes) => _isClosed ? -Libc.NoSuchFile : Libc.Send(_file, bytes);

    /// <summary>Whether a call failed only because it came too early.</summary>
    public static bool IsBusy(int result) => result is -Libc.Again or -Libc.Interrupted;

    /// <summary>Sets the events of which the owner is told from now on. While there are none, not even a failure is reported: it shows once
    /// something is watched again.</summary>
    public void Watch(uint events)
    {
        if (events == _watched || IsClosed)
        {
            return;
        }

        Loop.Control(_watched == 0 ? Libc.Add : events == 0 ? Libc.Delete : Libc.Modify, _file, _number, events);
        _watched = events;
    }

    /// <summary>Takes the error that has occurred since the last call: the outcome of a connect, or a reset. 0: none.</summary>
    public int TakeError() => Libc.TakeError(_file);

    public System.Net.IPEndPoint? LocalAddress() => SocketAddresses.LocalOf(_file);

    /// <summary>Tells the other side that nothing more will be sent (FIN).</summary>
    public void EndSending() => _ = Libc.Shutdown(_file, SendingOnly);

    /// <summary>Ends both directions. The socket itself stays open, for code that may still be using it.</summary>
    public void Shutdown()
    {
        if (!IsClosed)
        {
            _ = Libc.Shutdown(_file, BothWays);
        }
    }

    /// <param name="reset">Whether to tell the other side that this was no orderly end.</param>
    public void Close(bool reset = false)
    {
        if (IsClosed)
        {
            return;
        }

        if (!_ownsFile)
        {
            Watch(0);
        }

        _isClosed = true;
        Loop.Remove(_number);
        if (_ownsFile)
        {
            if (reset)
            {
                Libc.SetReset(_file);
            }

            _ = Libc.Close(_file); // which ends the watch as well
        }
    }
}
