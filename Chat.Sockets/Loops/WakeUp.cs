using System.ComponentModel;
using Microsoft.Win32.SafeHandles;

namespace Chat.Sockets.Loops;

/// <summary>Wakes a thread that waits for sockets.</summary>
internal sealed class WakeUp : IDisposable
{
    private readonly SafeFileHandle _file;

    public WakeUp()
    {
        var file = Libc.CreateEvent(0, Libc.NonBlocking | Libc.CloseOnExec);
        _file = file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw new Win32Exception(Libc.Error);
    }

    /// <summary>The file to wait for, as for a socket.</summary>
    public int File => (int)_file.DangerousGetHandle();

    /// <summary>Wakes the thread. Returns false if it no longer waits.</summary>
    public bool TrySet()
    {
        try
        {
            return Libc.SetEvent(_file, 1) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void Reset() => _ = Libc.ResetEvent(_file, out _);

    public void Dispose() => _file.Dispose();
}
