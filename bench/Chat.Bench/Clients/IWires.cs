using System.Net;

namespace Chat.Bench.Clients;

/// <summary>Non-blocking sockets, and waiting for many of them at once. For use by one thread.</summary>
internal interface IWires : IDisposable
{
    /// <summary>The result of a call that would have blocked.</summary>
    const int Busy = -1;

    /// <summary>The result of a call after which there is no connection.</summary>
    const int Failed = -2;

    /// <summary>Begins to connect. The wire is reported as writable when it has connected.</summary>
    /// <param name="to">The server's address.</param>
    /// <param name="from">The address of this machine to connect from. Null leaves the choice to the system.</param>
    /// <param name="number">The number under which the wire is reported.</param>
    /// <returns>The wire, or <see cref="Failed"/>.</returns>
    int Open(IPEndPoint to, IPAddress? from, int number);

    /// <summary>Returns the number of bytes, 0 at the end, or one of the two results above.</summary>
    int Receive(int wire, Span<byte> buffer);

    /// <summary>Returns how many of the bytes were taken, or one of the two results above.</summary>
    int Send(int wire, ReadOnlySpan<byte> bytes);

    /// <summary>Sets whether the wire is reported when there is room to send.</summary>
    void WatchRoom(int wire, int number, bool isWatched);

    void Close(int wire);

    /// <summary>Waits, and returns how many wires are ready. <see cref="Ready"/> tells which.</summary>
    int Wait(TimeSpan longest);

    (int Number, bool HasRoom) Ready(int index);
}
