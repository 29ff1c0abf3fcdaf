namespace Chat.Sockets.Loops;

/// <summary>A socket that never blocks and tells its owner when there is something to do. Everything here but <see cref="Send"/> and the
/// first <see cref="Watch"/> is for the thread of its loop only, which is what makes closing it safe.</summary>
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

    /// <summary>The number of bytes, 0 at the end of what the other side sends, or a negative error; see <see cref="IsBusy"/>.</summary>
    public int Receive(Span<byte> buffer) => Libc.Receive(_file, buffer);

    /// <summary>How many of the bytes were taken, or a negative error; see <see cref="IsBusy"/>.</summary>
    /// <remarks>Whoever sends has made sure that nobody closes it meanwhile; to a closed one nothing is sent: its number may be another one's.</remarks>
    public int Send(ReadOnlySpan<byte> bytes) => _isClosed ? -Libc.NoSuchFile : Libc.Send(_file, bytes);

    /// <summary>Whether a call only came too early.</summary>
    public static bool IsBusy(int result) => result is -Libc.Again or -Libc.Interrupted;

    /// <summary>What to tell the owner of, from now on. With nothing to tell, not even a failure is told: it shows once something
    /// is watched again.</summary>
    public void Watch(uint events)
    {
        if (events == _watched || IsClosed)
        {
            return;
        }

        Loop.Control(_watched == 0 ? Libc.Add : events == 0 ? Libc.Delete : Libc.Modify, _file, _number, events);
        _watched = events;
    }

    /// <summary>The error that has come since the last look: the outcome of a connect, or a reset. 0: none.</summary>
    public int TakeError() => Libc.TakeError(_file);

    public System.Net.IPEndPoint? LocalAddress() => SocketAddresses.LocalOf(_file);

    /// <summary>Nothing more comes from here (FIN).</summary>
    public void EndSending() => _ = Libc.Shutdown(_file, SendingOnly);

    /// <summary>Ends both directions; the socket itself stays, for those who may be using it.</summary>
    public void Shutdown()
    {
        if (!IsClosed)
        {
            _ = Libc.Shutdown(_file, BothWays);
        }
    }

    /// <param name="reset">The other side is told that this was no orderly end.</param>
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
