using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Chat.Sockets.Loops;

/// <summary>The Linux system calls that sockets on a loop need. Where one call is enough, .NET's own sockets make three and wake another thread.</summary>
internal static class Libc
{
    // Linux has these values on every architecture that .NET runs on.
    public const int NoSuchFile = 9;
    public const int Again = 11;
    public const int Interrupted = 4;
    public const int InProgress = 115;
    public const int ConnectionAborted = 103;
    public const int TooManyFiles = 24;
    public const int TooManyFilesOnMachine = 23;

    public const int Add = 1;
    public const int Delete = 2;
    public const int Modify = 3;

    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const int Stream = 1;
    public const int Inet = 2;
    public const int Inet6 = 10;

    private const int NoSignal = 0x4000;
    private const int SocketLevel = 1;
    private const int ErrorOption = 4;
    private const int LingerOption = 13;
    private const int TcpLevel = 6;
    private const int NoDelayOption = 1;
    private const string Name = "libc";

    public static int Error => Marshal.GetLastPInvokeError();

    /// <summary>Receives what has arrived. Returns the number of bytes, 0 at the end, or the negative error.</summary>
    public static int Receive(int socket, Span<byte> buffer) =>
        ReceiveNative(socket, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0) is var count and >= 0 ? (int)count : -Error;

    /// <summary>Returns how many bytes the system took, or the negative error.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> bytes) =>
        SendNative(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, NoSignal) is var count and >= 0 ? (int)count : -Error;

    /// <summary>Opens a TCP socket that never blocks and never delays sending to collect more. Returns the negative error if the system opens none.</summary>
    public static int OpenTcp(int family)
    {
        var socket = OpenNative(family, Stream | NonBlocking | CloseOnExec, 0);
        if (socket < 0)
        {
            return -Error;
        }

        SetNoDelay(socket);
        return socket;
    }

    public static void SetNoDelay(int socket) => _ = SetOption(socket, TcpLevel, NoDelayOption, [1], sizeof(int));

    /// <summary>The next close discards what has not been sent, and resets the connection.</summary>
    public static void SetReset(int socket) => _ = SetOption(socket, SocketLevel, LingerOption, [1, 0], 2 * sizeof(int));

    /// <summary>The exception with which .NET reports this error.</summary>
    public static SocketException SocketErrorOf(int error) => new((int)(error switch
    {
        TooManyFiles or TooManyFilesOnMachine => SocketError.TooManyOpenSockets,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        104 => SocketError.ConnectionReset,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    }));

    /// <summary>Takes the socket's pending error: the outcome of a connect that was in progress, or a reset. 0: none.</summary>
    public static int TakeError(int socket)
    {
        var length = sizeof(int);
        return GetOption(socket, SocketLevel, ErrorOption, out var error, ref length) == 0 ? error : Error;
    }

    [DllImport(Name, EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int CreateEpoll(int flags);

    [DllImport(Name, EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int ControlEpoll(SafeFileHandle epoll, int operation, int socket, ref byte registration);

    [DllImport(Name, EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int WaitEpoll(SafeFileHandle epoll, ref byte events, int count, int milliseconds);

    [DllImport(Name, EntryPoint = "eventfd", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int CreateEvent(uint value, int flags);

    [DllImport(Name, EntryPoint = "eventfd_write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SetEvent(SafeFileHandle file, ulong value);

    [DllImport(Name, EntryPoint = "eventfd_read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int ResetEvent(SafeFileHandle file, out ulong value);

    [DllImport(Name, EntryPoint = "accept4", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Accept(int socket, ref byte address, ref int length, int flags);

    [DllImport(Name, EntryPoint = "getsockname", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int GetLocalAddress(int socket, ref byte address, ref int length);

    [DllImport(Name, EntryPoint = "connect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Connect(int socket, ref byte address, int length);

    [DllImport(Name, EntryPoint = "shutdown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Shutdown(int socket, int how);

    [DllImport(Name, EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Close(int file);

    [DllImport(Name, EntryPoint = "socket", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenNative(int family, int type, int protocol);

    [DllImport(Name, EntryPoint = "recv", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ReceiveNative(int socket, ref byte buffer, nint length, int flags);

    [DllImport(Name, EntryPoint = "send", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SendNative(int socket, ref byte bytes, nint length, int flags);

    [DllImport(Name, EntryPoint = "setsockopt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int socket, int level, int name, int[] value, int length);

    [DllImport(Name, EntryPoint = "getsockopt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetOption(int socket, int level, int name, out int value, ref int length);
}
