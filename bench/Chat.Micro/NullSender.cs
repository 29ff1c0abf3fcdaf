using Chat.Api.Connections;

namespace Chat.Micro;

/// <summary>A client that takes all bytes at no cost.</summary>
internal sealed class NullSender : IFrameSender
{
    public long Sent { get; private set; }

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = bytes.Length;
        Sent += sent;
        return true;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => ValueTask.CompletedTask;

    public void Abort()
    {
        // Nothing to end.
    }
}
