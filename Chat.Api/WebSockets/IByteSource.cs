using System.Buffers;

namespace Chat.Api.WebSockets;

/// <summary>Where the bytes of a WebSocket come from.</summary>
internal interface IByteSource
{
    /// <summary>Whether it goes on when the request that it came with is over. Else it ends with that.</summary>
    bool OutlivesRequest { get; }

    /// <summary>Hands on what arrives, until nothing more comes or is wanted. Fails only as its reader does.</summary>
    Task ReadAsync(IByteReader reader);

    /// <summary>Nothing is read or sent any more.</summary>
    void Close();
}

/// <summary>Takes the bytes of a WebSocket, on one thread at a time.</summary>
internal interface IByteReader
{
    /// <param name="bytes">What has arrived, the reader's to change. Becomes what is left: to be shown again, together with more.</param>
    /// <param name="wait">Null, or what to wait for before the rest is shown again.</param>
    /// <returns>False: no more is wanted.</returns>
    bool Read(ref ReadOnlySequence<byte> bytes, out Task? wait);
}
