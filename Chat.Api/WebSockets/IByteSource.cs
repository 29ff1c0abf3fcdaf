using System.Buffers;

namespace Chat.Api.WebSockets;

/// <summary>Where the bytes of a WebSocket come from.</summary>
internal interface IByteSource
{
    /// <summary>Whether it continues after the end of the request that it came with. Otherwise it ends with that request.</summary>
    bool OutlivesRequest { get; }

    /// <summary>Passes on what arrives, until nothing more comes or is wanted. Fails only if its reader fails.</summary>
    Task ReadAsync(IByteReader reader);

    /// <summary>Ends it: nothing is read or sent any more.</summary>
    void Close();
}

/// <summary>Takes the bytes of a WebSocket, on one thread at a time.</summary>
internal interface IByteReader
{
    /// <param name="bytes">The bytes that have arrived; the reader may change them. On return, the bytes that are left: they are shown
    /// again, together with more.</param>
    /// <param name="wait">Null, or what to wait for before the rest is shown again.</param>
    /// <returns>False if no more is wanted.</returns>
    bool Read(ref ReadOnlySequence<byte> bytes, out Task? wait);
}
