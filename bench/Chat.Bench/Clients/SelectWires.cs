using System.Net;
using System.Net.Sockets;

namespace Chat.Bench.Clients;

/// <summary>.NET's own sockets, for systems without epoll. Each wait checks all of them, which takes long with thousands.</summary>
internal sealed class SelectWires : IWires
{
    private readonly List<Wire?> _wires = [];
    private readonly Dictionary<Socket, Wire> _bySocket = [];
    private readonly List<Socket> _readable = [];
    private readonly List<Socket> _writable = [];
    private readonly List<Socket> _failed = [];
    private readonly Dictionary<int, bool> _ready = [];
    private readonly List<(int Number, bool HasRoom)> _told = [];

    public int Open(IPEndPoint to, IPAddress? from, int number)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        try
        {
            if (from is not null)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            socket.Connect(to);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // as expected
        }
        catch (SocketException)
        {
            socket.Dispose();
            return IWires.Failed;
        }

        var wire = new Wire(socket, number) { WantsRoom = true };
        _bySocket.Add(socket, wire);
        _wires.Add(wire);
        return _wires.Count - 1;
    }

    public int Receive(int wire, Span<byte> buffer)
    {
        var count = _wires[wire]!.Socket.Receive(buffer, SocketFlags.None, out var error);
        return Outcome(count, error);
    }

    public int Send(int wire, ReadOnlySpan<byte> bytes)
    {
        var count = _wires[wire]!.Socket.Send(bytes, SocketFlags.None, out var error);
        return Outcome(count, error);
    }

    public void WatchRoom(int wire, int number, bool isWatched) => _wires[wire]!.WantsRoom = isWatched;

    public void Close(int wire)
    {
        _bySocket.Remove(_wires[wire]!.Socket);
        _wires[wire]!.Socket.Dispose();
        _wires[wire] = null;
    }

    public int Wait(TimeSpan longest)
    {
        _told.Clear();
        if (_bySocket.Count == 0)
        {
            Thread.Sleep(longest);
            return 0;
        }

        _readable.Clear();
        _writable.Clear();
        _failed.Clear();
        _ready.Clear();
        _readable.AddRange(_bySocket.Keys);
        _writable.AddRange(_bySocket.Values.Where(wire => wire.WantsRoom).Select(wire => wire.Socket));
        _failed.AddRange(_writable); // Windows reports a failed connect here
        Socket.Select(_readable, _writable, _failed, longest);
        foreach (var socket in _readable)
        {
            _ready[_bySocket[socket].Number] = false;
        }

        foreach (var socket in _writable.Concat(_failed))
        {
            _ready[_bySocket[socket].Number] = true;
        }

        _told.AddRange(_ready.Select(one => (one.Key, one.Value)));
        return _told.Count;
    }

    public (int Number, bool HasRoom) Ready(int index) => _told[index];

    public void Dispose()
    {
        foreach (var socket in _bySocket.Keys)
        {
            socket.Dispose();
        }
    }

    private static int Outcome(int count, SocketError error) => error switch
    {
        SocketError.Success => count,
        SocketError.WouldBlock or SocketError.InProgress or SocketError.NotConnected => IWires.Busy,
        _ => IWires.Failed,
    };

    private sealed class Wire(Socket socket, int number)
    {
        public Socket Socket => socket;

        public int Number => number;

        public bool WantsRoom { get; set; }
    }
}
