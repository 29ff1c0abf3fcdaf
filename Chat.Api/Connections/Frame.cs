namespace Chat.Api.Connections;

/// <summary>The bytes of one whole frame as they go onto the socket; made once, shared by every outbox it is in.</summary>
/// <remarks>A server's WebSocket frames are not masked (RFC 6455, section 5.1), so that even the header is the same
/// for all receivers.</remarks>
internal sealed class Frame(byte[] bytes)
{
    public ReadOnlySpan<byte> Span => bytes;

    public ReadOnlyMemory<byte> Memory => bytes;

    public int Length => bytes.Length;
}
