using System.Text;
using Chat.Bench.Measuring;
using Chat.Bench.Workloads;

namespace Chat.Bench.Clients;

/// <summary>One client: it connects, receives and writes, all on the thread of its loop.</summary>
internal sealed class Connection(int index, Place place, Guest guest, Track[] tracks)
{
    private const int ClosedByUs = 1000;

    private int _wire = IWires.Failed;
    private int _number;
    private State _state;
    private FrameReader _reader;
    private byte[]? _unsent;
    private IReadOnlyList<Step> _steps = [];
    private int _step;
    private long _beganAt;
    private IReadOnlyList<(byte[] Before, byte[] Behind)> _messages = [];

    public int Index => index;

    /// <summary>How many messages it has sent, in its topics in turn.</summary>
    public uint Sent { get; private set; }

    /// <summary>How many of these messages it has sent in that topic.</summary>
    public uint SentIn(int topic) => _messages.Count == 0 ? 0 : (uint)((Sent + _messages.Count - 1 - topic) / _messages.Count);

    public bool IsReady => _state == State.Ready;

    public bool IsOpen => _state is not (State.New or State.Ended);

    public ref Track Track(int writer) => ref tracks[writer];

    public void Open(Loop loop, int number)
    {
        _number = number;
        _state = State.Connecting;
        _beganAt = Clock.Now;
        _wire = loop.Wires.Open(place.Address, place.From, number);
        if (_wire < 0)
        {
            End(loop, "No connection could be opened: too many open files, or no free port.");
        }
    }

    public void OnReady(Loop loop, bool hasRoom)
    {
        if (hasRoom && IsOpen)
        {
            OnRoom(loop);
        }

        if (IsOpen)
        {
            Receive(loop);
        }
    }

    /// <summary>Sends a message of this size, which is due at the given time.</summary>
    public void Write(Loop loop, int size, uint run, Seating seating, long dueAt)
    {
        var (turn, topic) = Math.DivRem(Sent++, (uint)_messages.Count);
        var (before, behind) = _messages[(int)topic];
        var length = before.Length + size + behind.Length;
        var frame = loop.Outgoing(ClientFrame.MaxHeader + length);
        var header = ClientFrame.Begin(frame, Opcode.Text, length);
        var payload = frame.Slice(header, length);
        before.CopyTo(payload);
        var text = payload.Slice(before.Length, size);
        new Marker(run, seating.SenderOf(index, (int)topic), turn, (uint)dueAt).Write(text);
        text[Marker.Length..].Fill((byte)'x');
        behind.CopyTo(payload[(before.Length + size)..]);
        ClientFrame.Cover(payload);
        Send(loop, frame[..(header + length)]);
    }

    /// <summary>Sends something so that the server does not take the client for gone.</summary>
    public void GiveSignOfLife(Loop loop)
    {
        if (IsReady && place.Door.SignOfLife is { } sign)
        {
            Send(loop, ClientFrame.Of(Opcode.Text, sign));
        }
    }

    /// <summary>Starts the closing handshake. The server then ends the connection.</summary>
    public void Leave(Loop loop)
    {
        if (IsReady)
        {
            _state = State.Leaving;
            Send(loop, ClientFrame.Of(Opcode.Close, [ClosedByUs >> 8, ClosedByUs & 0xFF]));
        }
    }

    public void End(Loop loop, string? why)
    {
        if (!IsOpen)
        {
            return;
        }

        loop.OnEnded(this, _state == State.Leaving ? null : why, isReady: IsReady, wasOpening: _state is State.Connecting or State.Upgrading or State.Greeting);
        _state = State.Ended;
        if (_wire >= 0)
        {
            loop.Wires.Close(_wire);
        }
    }

    private void OnRoom(Loop loop)
    {
        loop.Wires.WatchRoom(_wire, _number, isWatched: false);
        if (_state == State.Connecting)
        {
            _state = State.Upgrading;
            Send(loop, Encoding.ASCII.GetBytes(place.Request(guest)));
        }
        else if (_unsent is { } unsent)
        {
            _unsent = null;
            Send(loop, unsent);
        }
    }

    private void Send(Loop loop, ReadOnlySpan<byte> bytes)
    {
        if (_unsent is not null)
        {
            _unsent = [.. _unsent, .. bytes];
            return;
        }

        var count = loop.Wires.Send(_wire, bytes);
        if (count == IWires.Failed)
        {
            End(loop, _state == State.Upgrading ? $"{place.Address} does not answer." : "The connection broke.");
        }
        else if (count < bytes.Length)
        {
            _unsent = bytes[Math.Max(count, 0)..].ToArray();
            loop.Wires.WatchRoom(_wire, _number, isWatched: true);
        }
    }

    private void Receive(Loop loop)
    {
        _reader.Resume(ref loop.Incoming, out var kept);
        var count = loop.Wires.Receive(_wire, loop.Incoming.AsSpan(kept));
        if (count is 0 or IWires.Failed)
        {
            End(loop, _state == State.Connecting ? $"{place.Address} does not answer." : "The server ended the connection.");
            return;
        }

        ReadOnlySpan<byte> bytes = loop.Incoming.AsSpan(0, kept + Math.Max(count, 0));
        if (_state == State.Upgrading)
        {
            ReadAnswer(loop, ref bytes);
        }

        if (_state != State.Upgrading)
        {
            ReadFrames(loop, ref bytes);
        }

        _reader.Keep(bytes);
    }

    private void ReadAnswer(Loop loop, ref ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return;
        }

        if (!bytes.StartsWith("HTTP/1.1 101"u8))
        {
            End(loop, "Refused: " + Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 400)]).ReplaceLineEndings(" "));
            return;
        }

        bytes = bytes[(end + 4)..];
        _state = State.Greeting;
        _steps = place.Door.Steps(guest);
        Greet(loop);
    }

    private void Greet(Loop loop)
    {
        if (_step < _steps.Count)
        {
            if (_steps[_step].Send is { } greeting)
            {
                Send(loop, ClientFrame.Of(Opcode.Text, greeting));
            }

            return;
        }

        _state = State.Ready;
        _steps = [];
        _messages = tracks.Length > 0 ? place.Door.Messages(guest) : [];
        loop.OnConnected(Clock.Now - _beganAt);
    }

    private void ReadFrames(Loop loop, ref ReadOnlySpan<byte> bytes)
    {
        var now = Clock.Now;
        while (IsOpen && _reader.TryNext(ref bytes, out var opcode, out var payload))
        {
            switch (opcode)
            {
                case Opcode.Text or Opcode.Binary:
                    OnMessage(loop, payload, now);
                    break;
                case Opcode.Ping:
                    Send(loop, ClientFrame.Of(Opcode.Pong, payload));
                    break;
                case Opcode.Close:
                    End(loop, "Closed by the server: " + (payload.Length < 2 ? "" : $"{(payload[0] << 8) + payload[1]} {Encoding.UTF8.GetString(payload[2..])}"));
                    break;
                default:
                    break;
            }
        }

        if (_reader.IsBroken)
        {
            End(loop, "What came is no WebSocket frame.");
        }
    }

    private void OnMessage(Loop loop, ReadOnlySpan<byte> payload, long now)
    {
        if (_state == State.Greeting && payload.IndexOf(_steps[_step].Expected) >= 0)
        {
            _step++;
            Greet(loop);
            return;
        }

        var isDelivery = false;
        var rest = payload;
        while (Marker.TryTake(ref rest, out var marker))
        {
            isDelivery = true;
            loop.OnDelivery(this, marker, now);
        }

        if (!isDelivery && payload.IndexOf("error"u8) >= 0)
        {
            loop.OnRefusal(payload);
        }
    }

    private enum State : byte
    {
        New,
        Connecting,
        Upgrading,
        Greeting,
        Ready,
        Leaving,
        Ended,
    }
}
