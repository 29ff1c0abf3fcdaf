using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Chat.Sockets.Loops;

/// <summary>A thread that waits for many sockets at once and handles their events. Each socket belongs to one loop, so nothing of it has to be
/// locked, and what arrives wakes one thread, once.</summary>
/// <remarks>Code that runs here must not block. The server's part of a request runs here as well, one request in each turn (<see cref="SharedThread"/>).</remarks>
internal sealed partial class SocketLoop : IDisposable
{
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;
    public const uint HungUp = 0x2000; // the other side has ended sending, whether or not everything is read
    public const uint Error = 0x8;
    public const uint Failed = Error | 0x10; // an error, or both directions have ended: reported along with any watched event

    private const int BufferBytes = 64 * 1024;
    private const int WakeUpNumber = -1;

    private static readonly TimeSpan TendTime = TimeSpan.FromSeconds(1);

    [ThreadStatic]
    private static SocketLoop? current;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _tendParts;
    private readonly TimeSpan _tendInterval;
    private readonly Epoll _epoll = new();
    private readonly WakeUp _wakeUp = new();
    private readonly SocketTable _sockets = new();
    private readonly ConcurrentQueue<Action> _posted = [];
    private readonly Thread _thread;
    private int _isWoken;
    private int _tended; // the number of the socket tended last
    private volatile bool _stopped;
    private volatile bool _isOver; // its thread no longer waits for events

    /// <param name="number">Part of the thread's name.</param>
    /// <param name="tendParts">Into how many parts the sockets are divided. Each is tended once a second, one part after the other.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs faults.</param>
    public SocketLoop(int number, int tendParts, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        (_tendParts, _tendInterval) = (tendParts, TendTime / tendParts);
        _epoll.Control(Libc.Add, _wakeUp.File, WakeUpNumber, Readable);
        Now = time.GetTimestamp();
        _thread = new Thread(Run) { IsBackground = true, Name = $"sockets {number}" };
        _thread.Start();
    }

    /// <summary>A buffer for bytes that are received and sent on at once: one is enough for all sockets of the loop.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);

    /// <summary>When the current events arrived.</summary>
    public long Now { get; private set; }

    public bool IsCurrent => current == this;

    public TimeSpan Since(long time) => _time.GetElapsedTime(time, Now);

    /// <summary>Runs the work on the loop's thread: here and now if this is that thread, or if the loop has ended.</summary>
    public void Run(Action work)
    {
        if (IsCurrent || _isOver)
        {
            work();
            return;
        }

        _posted.Enqueue(work);
        if (_isOver || (Interlocked.Exchange(ref _isWoken, 1) == 0 && !_wakeUp.TrySet()))
        {
            RunPosted(); // the loop may just have looked into the queue for the last time
        }
    }

    /// <summary>Calls <paramref name="work"/> on the loop's thread for each of its sockets.</summary>
    public void ForEach(Action<LoopSocket> work) => Run(() =>
    {
        foreach (var socket in _sockets.All)
        {
            if (socket is not null)
            {
                work(socket);
            }
        }
    });

    /// <summary>The code after an <c>await</c> of this runs on the loop's thread.</summary>
    public LoopEntry EnterAsync() => new(this);

    public int Add(LoopSocket socket) => _sockets.Add(socket);

    public void Remove(int number) => _sockets.Remove(number);

    public void Control(int operation, int file, int number, uint events)
    {
        if (!_isOver)
        {
            _epoll.Control(operation, file, number, events);
        }
    }

    /// <summary>Logs a fault that has ended a connection. Needed after an <c>await</c>, where the loop does not catch it.</summary>
    public void Report(Exception fault) => LogFault(fault);

    public void Dispose()
    {
        _stopped = true;
        _wakeUp.TrySet();
        if (!IsCurrent)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        current = this;
        SharedThread.Enter();
        var tendedAt = Now;
        while (!_stopped)
        {
            var count = _epoll.Wait(_tendInterval);
            Now = _time.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                var (number, events) = _epoll.Event(i);
                Dispatch(number, events);
            }

            if (Interlocked.Exchange(ref _isWoken, 0) != 0)
            {
                RunPosted();
            }

            if (Since(tendedAt) >= _tendInterval)
            {
                tendedAt = Now;
                Tend();
            }

            _sockets.Recycle();
        }

        _isOver = true;
        RunPosted();
        foreach (var socket in _sockets.All)
        {
            if (socket is not null)
            {
                End(socket, new ObjectDisposedException(nameof(SocketLoop))); // not closed from here: somebody may be sending
            }
        }

        _wakeUp.Dispose();
        _epoll.Dispose();
    }

    private void Dispatch(int number, uint events)
    {
        if (number == WakeUpNumber)
        {
            _wakeUp.Reset();
            return;
        }

        if (_sockets.All[number] is not { } socket)
        {
            return; // closed while another socket's event was handled
        }

        try
        {
            SharedThread.BeginTurn();
            socket.Owner.OnReady(events);
        }
        catch (Exception fault)
        {
            // A fault of this one connection must not end the others.
            LogFault(fault);
            End(socket, fault);
        }
    }

    private void Tend()
    {
        var sockets = _sockets.All;
        for (var left = (sockets.Length / _tendParts) + 1; left > 0; left--)
        {
            _tended = _tended + 1 < sockets.Length ? _tended + 1 : 0;
            if (sockets[_tended] is not { } socket)
            {
                continue;
            }

            try
            {
                socket.Owner.Tend();
            }
            catch (Exception fault)
            {
                LogFault(fault);
                End(socket, fault);
            }
        }
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out var work))
        {
            try
            {
                SharedThread.BeginTurn();
                work();
            }
            catch (Exception fault)
            {
                LogFault(fault);
            }
        }
    }

    private void End(LoopSocket socket, Exception reason)
    {
        try
        {
            socket.Owner.OnFault(reason);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
    }

    [LoggerMessage(EventName = "SocketFault", Level = LogLevel.Error, Message = "An error of this process has ended a connection.")]
    private partial void LogFault(Exception fault);
}
