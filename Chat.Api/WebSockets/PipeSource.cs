using System.IO.Pipelines;

namespace Chat.Api.WebSockets;

/// <summary>Reads through the server's pipe: for TLS, and where the socket is not taken from the server.</summary>
internal sealed class PipeSource(PipeReader input) : IByteSource
{
    public bool OutlivesRequest => false;

    public async Task ReadAsync(IByteReader reader)
    {
        var isHandling = false;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(CancellationToken.None);
                isHandling = true;
                var buffer = result.Buffer;
                bool isOpen;
                while ((isOpen = reader.Read(ref buffer, out var wait)) && wait is not null)
                {
                    await wait;
                }

                isHandling = false;
                input.AdvanceTo(buffer.Start, buffer.End);
                if (!isOpen || result.IsCompleted || result.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (!isHandling
            && exception is (IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException))
        {
            // Reset by the peer, or ended by us: over in both cases. An exception from handling is a fault of ours, and is not caught here.
        }
    }

    public void Close()
    {
        // The server does this when the request returns.
    }
}
