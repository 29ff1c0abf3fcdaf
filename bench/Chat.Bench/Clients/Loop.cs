using System.Text;
using Chat.Bench.Measuring;
using Chat.Bench.Workloads;

namespace Chat.Bench.Clients;

/// <summary>A thread with its connections. It waits for all of them at once and carries out its turn in between.</summary>
internal sealed class Loop : IDisposable
{
    private const int BufferBytes = 256 * 1024;
    private const long IdleWait = Clock.Second / 200; // pause between two looks for a new turn
    private const long SignInterval = 10 * Clock.Second;

    /// <summary>The receive buffer, used by one connection after the other.</summary>
    public byte[] Incoming = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);

    private readonly Round _round;
    private readonly List<Connection> _connections = [];
    private readonly Thread _thread;
    private byte[] _outgoing = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private long _fresh; // deliveries of the present event
    private long _signsAt = Clock.Now + SignInterval;
    private TaskCompletionSource _done = new();
    private volatile ITurn? _turn;
    private volatile bool _isStopped;

    public Loop(IWires wires, Round round)
    {
        Wires = wires;
        _round = round;
        _thread = new Thread(Run) { IsBackground = true, Name = "connections" };
        _thread.Start();
    }

    public IWires Wires { get; }

    public Counts Counts { get; } = new();

    /// <summary>How many connections are being opened and are not ready yet.</summary>
    public int Opening { get; private set; }

    /// <summary>The connections that were opened. For this thread only.</summary>
    public IReadOnlyList<Connection> Connections => _connections;

    /// <summary>Carries out a turn and returns when it is over. Only one at a time.</summary>
    public Task TakeAsync(ITurn turn)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _turn = turn;
        return _done.Task;
    }

    public void Open(Connection connection)
    {
        _connections.Add(connection);
        Opening++;
        connection.Open(this, _connections.Count - 1);
    }

    /// <summary>A buffer for the next bytes to send.</summary>
    public Span<byte> Outgoing(int length)
    {
        if (length > _outgoing.Length)
        {
            _outgoing = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        }

        return _outgoing;
    }

    public void OnConnected(long took)
    {
        Opening--;
        Counts.AddReady(1);
        Counts.Connecting.Record(took);
    }

    public void OnEnded(Connection connection, string? why, bool isReady, bool wasOpening)
    {
        Opening -= wasOpening ? 1 : 0;
        Counts.AddReady(isReady ? -1 : 0);
        if (why is not null)
        {
            Counts.AddEnded(why);
        }
    }

    public void OnDelivery(Connection receiver, in Marker marker, long now)
    {
        var place = marker.Run == _round.Run ? _round.Seating.PlaceOf(marker.Sender, receiver.Index) : -1;
        if (place < 0)
        {
            Counts.Strange++;
            return;
        }

        switch (receiver.Track(place).Take(marker.Number))
        {
            case Arrival.Again:
                Counts.Doubled++;
                return;
            case Arrival.Late:
                Counts.OutOfOrder++;
                break;
            default:
                break;
        }

        _fresh++;
        if (_round.IsMeasured(marker.DueAt))
        {
            Counts.Latency.Record((int)((uint)now - marker.DueAt));
        }
    }

    public void OnRefusal(ReadOnlySpan<byte> payload)
    {
        Counts.Refused++;
        Counts.Complain(Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 400)]));
    }

    /// <summary>Sends one message of that connection.</summary>
    public void Write(Connection connection, long dueAt)
    {
        connection.Write(this, _round.Size, _round.Run, _round.Seating, dueAt);
        Counts.Sent++;
        Counts.SentMeasured += _round.IsMeasured((uint)dueAt) ? 1 : 0;
        _round.UnderWay.Add(_round.Seating.FanOut);
    }

    public void Dispose()
    {
        _isStopped = true;
        _thread.Join();
        Wires.Dispose();
    }

    private void Run()
    {
        while (!_isStopped)
        {
            var now = Clock.Now;
            var next = Math.Min(now + IdleWait, DoTurn(now));
            if (now > _signsAt)
            {
                _signsAt = now + SignInterval;
                _connections.ForEach(connection => connection.GiveSignOfLife(this));
            }

            var count = Wires.Wait(TimeSpan.FromMicroseconds(Math.Max(0, next - Clock.Now)));
            for (var i = 0; i < count; i++)
            {
                var (number, hasRoom) = Wires.Ready(i);
                _connections[number].OnReady(this, hasRoom);
                if (_fresh > 0)
                {
                    Counts.AddReceived(_fresh);
                    _round.UnderWay.Add(-_fresh);
                    _fresh = 0;
                }
            }
        }
    }

    private long DoTurn(long now)
    {
        if (_turn is not { } turn)
        {
            return long.MaxValue;
        }

        if (turn.Do(this, now) is { } next)
        {
            return next;
        }

        _turn = null;
        _done.SetResult();
        return now;
    }
}
