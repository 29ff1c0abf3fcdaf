using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Chat.Sockets.Loops;
using Microsoft.Win32.SafeHandles;

namespace Chat.Bench.Clients;

/// <summary>Sockets by direct calls of Linux: one to wait, one to receive, one to send.</summary>
internal sealed class EpollWires : IWires
{
    private const int MaxEvents = 256;
    private const uint Readable = 0x1;
    private const uint Writable = 0x4;
    private const int IpLevel = 0;
    private const int BindAddressNoPort = 24;

    // The system packs its struct epoll_event { uint32 events; uint64 data; } on x86 only.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int EventBytes = DataAt + sizeof(ulong);

    private readonly SafeFileHandle _file = new(Checked(Libc.CreateEpoll(Libc.CloseOnExec)), ownsHandle: true);
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(MaxEvents * EventBytes, pinned: true);
    private bool _isPrecise = true;

    public int Open(IPEndPoint to, IPAddress? from, int number)
    {
        var wire = Libc.OpenTcp(to.AddressFamily == AddressFamily.InterNetwork ? Libc.Inet : Libc.Inet6);
        if (wire < 0)
        {
            return IWires.Failed;
        }

        if ((from is null || TryBind(wire, from)) && TryConnect(wire, to))
        {
            Control(Libc.Add, wire, number, Readable | Writable);
            return wire;
        }

        _ = Libc.Close(wire);
        return IWires.Failed;
    }

    public int Receive(int wire, Span<byte> buffer) => Outcome(Libc.Receive(wire, buffer));

    public int Send(int wire, ReadOnlySpan<byte> bytes) => Outcome(Libc.Send(wire, bytes));

    public void WatchRoom(int wire, int number, bool isWatched) => Control(Libc.Modify, wire, number, isWatched ? Readable | Writable : Readable);

    public void Close(int wire) => _ = Libc.Close(wire);

    public int Wait(TimeSpan longest)
    {
        if (_isPrecise)
        {
            try
            {
                var time = new TimeSpec { Seconds = (nint)(longest.Ticks / TimeSpan.TicksPerSecond), Nanoseconds = (nint)(longest.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick) };
                return Math.Max(0, WaitPrecisely(_file, ref _events[0], MaxEvents, ref time, 0));
            }
            catch (EntryPointNotFoundException)
            {
                _isPrecise = false; // a C library from before 2021, or a minimal one
            }
        }

        return Math.Max(0, Libc.WaitEpoll(_file, ref _events[0], MaxEvents, (int)Math.Ceiling(longest.TotalMilliseconds)));
    }

    public (int Number, bool HasRoom) Ready(int index)
    {
        var one = _events.AsSpan(index * EventBytes, EventBytes);
        return ((int)MemoryMarshal.Read<long>(one[DataAt..]), (MemoryMarshal.Read<uint>(one) & Writable) != 0);
    }

    public void Dispose() => _file.Dispose();

    private static int Outcome(int result) => result >= 0 ? result : result is -Libc.Again or -Libc.Interrupted ? IWires.Busy : IWires.Failed;

    private static bool TryConnect(int wire, IPEndPoint to)
    {
        var address = to.Serialize();
        return Libc.Connect(wire, ref address.Buffer.Span[0], address.Size) == 0 || Libc.Error == Libc.InProgress;
    }

    // Without the option the system would reserve a port here. There are fewer ports than pairs of ports.
    private static bool TryBind(int wire, IPAddress from)
    {
        var address = new IPEndPoint(from, 0).Serialize();
        return SetOption(wire, IpLevel, BindAddressNoPort, [1], sizeof(int)) == 0 && Bind(wire, ref address.Buffer.Span[0], address.Size) == 0;
    }

    private void Control(int operation, int wire, int number, uint events)
    {
        Span<byte> registration = stackalloc byte[EventBytes];
        MemoryMarshal.Write(registration, events);
        MemoryMarshal.Write(registration[DataAt..], (long)number);
        Checked(Libc.ControlEpoll(_file, operation, wire, ref registration[0]));
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Libc.Error);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitPrecisely(SafeFileHandle epoll, ref byte events, int count, ref TimeSpec longest, nint signals);

    [DllImport("libc", EntryPoint = "bind", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Bind(int socket, ref byte address, int length);

    [DllImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int socket, int level, int name, int[] value, int length);
}
