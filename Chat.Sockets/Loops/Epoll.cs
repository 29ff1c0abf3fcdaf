using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Chat.Sockets.Loops;

/// <summary>The system's list of sockets to wait for (epoll), each registered under a number.</summary>
internal sealed class Epoll : IDisposable
{
    private const int MaxEvents = 256;

    // The system packs its struct epoll_event { uint32 events; uint64 data; } on x86 only.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int EventBytes = DataAt + 8;

    private readonly SafeFileHandle _file = new(Checked(Libc.CreateEpoll(Libc.CloseOnExec)), ownsHandle: true);
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(MaxEvents * EventBytes, pinned: true);

    /// <summary>Returns how many sockets are ready; <see cref="Event"/> returns each of them.</summary>
    public int Wait(TimeSpan longest) => Libc.WaitEpoll(_file, ref _events[0], MaxEvents, (int)longest.TotalMilliseconds);

    /// <summary>One of the events that the last wait has found.</summary>
    public (int Number, uint Events) Event(int index)
    {
        var one = _events.AsSpan(index * EventBytes, EventBytes);
        return ((int)MemoryMarshal.Read<long>(one[DataAt..]), MemoryMarshal.Read<uint>(one));
    }

    /// <param name="operation">One of the operations of <see cref="Libc"/>.</param>
    /// <param name="file">The socket.</param>
    /// <param name="number">The number under which its events are reported.</param>
    /// <param name="events">The events to wait for.</param>
    /// <exception cref="Win32Exception">The system has no room for the socket.</exception>
    public void Control(int operation, int file, int number, uint events)
    {
        Span<byte> registration = stackalloc byte[EventBytes];
        MemoryMarshal.Write(registration, events);
        MemoryMarshal.Write(registration[DataAt..], (long)number);
        Checked(Libc.ControlEpoll(_file, operation, file, ref registration[0]));
    }

    public void Dispose() => _file.Dispose();

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Libc.Error);
}
