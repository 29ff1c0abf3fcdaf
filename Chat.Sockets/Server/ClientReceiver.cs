using System.IO.Pipelines;
using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Server;

/// <summary>What a client sends goes into the pipe that the server reads from.</summary>
/// <remarks>For the loop's thread, but for <see cref="Begin"/>.</remarks>
internal sealed class ClientReceiver(ClientLink link, LoopSocket socket, PipeWriter pipe)
{
    private const int LeastBuffer = 2048;

    private bool _reads;

    /// <summary>Whether there is to be read what arrives.</summary>
    public bool Reads => _reads && !IsAtEnd;

    /// <summary>Nothing more comes from the client.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Nothing more comes, and that was no orderly end.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Once, on a thread of the server, before the first receive.</summary>
    public void Begin() => Read(true);

    public void Receive()
    {
        var count = socket.Receive(pipe.GetSpan(LeastBuffer));
        if (count > 0)
        {
            pipe.Advance(count);
            HandOver(pipe.FlushAsync());
        }
        else if (!LoopSocket.IsBusy(count))
        {
            link.EndReceiving(count == 0 ? null : new ConnectionResetException("The client has reset the connection."));
        }
    }

    /// <summary>Returns false if it had ended before.</summary>
    /// <param name="reason">What the server is told; null if the client ended in good order.</param>
    public bool End(Exception? reason)
    {
        if (IsAtEnd)
        {
            return false;
        }

        (IsAtEnd, HasFailed) = (true, reason is not null);
        link.Watch();
        pipe.Complete(reason);
        return true;
    }

    private void Read(bool reads)
    {
        _reads = reads;
        link.Watch();
    }

    // The server mostly has read it all by the time the flush returns.
    private void HandOver(ValueTask<FlushResult> flush)
    {
        if (!flush.IsCompletedSuccessfully)
        {
            Read(false);
            _ = ContinueAsync(flush);
        }
        else if (flush.Result.IsCompleted)
        {
            Read(false); // the server wants no more
        }
    }

    private async Task ContinueAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            if ((await flush).IsCompleted)
            {
                return;
            }
        }
        catch (Exception)
        {
            return; // the server reads no more, and has said why where it said so
        }

        await link.Loop.EnterAsync();
        Read(true);
    }
}
