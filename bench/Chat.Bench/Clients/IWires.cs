using System.Net;

namespace Chat.Bench.Clients;

/// <summary>Sockets that never block, and waiting for many of them at once. For one thread.</summary>
internal interface IWires : IDisposable
{
    /// <summary>What a call returns that came too early.</summary>
    const int Busy = -1;

    /// <summary>What a call returns after which there is no connection.</summary>
    const int Failed = -2;

    /// <summary>Begins to connect; it is told as writable when it has.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="from">Which of this machine's addresses it comes from; null: the system's choice.</param>
    /// <param name="number">What it is told under.</param>
    /// <returns>The wire, or <see cref="Failed"/>.</returns>
    int Open(IPEndPoint to, IPAddress? from, int number);

    /// <summary>The number of bytes, 0 at the end, or one of the above.</summary>
    int Receive(int wire, Span<byte> buffer);

    /// <summary>How many of the bytes were taken, or one of the above.</summary>
    int Send(int wire, ReadOnlySpan<byte> bytes);

    /// <summary>Whether it is to be told that there is room to send.</summary>
    void WatchRoom(int wire, int number, bool isWatched);

    void Close(int wire);

    /// <summary>Returns how many are ready; <see cref="Ready"/> tells which.</summary>
    int Wait(TimeSpan longest);

    (int Number, bool HasRoom) Ready(int index);
}
