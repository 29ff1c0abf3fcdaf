using System.IO.Pipelines;
using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Server;

/// <summary>Receives what a client sends into the pipe that the server reads from.</summary>
/// <remarks>For the loop's thread, except <see cref="Begin"/>.</remarks>
internal sealed class ClientReceiver(ClientLink link, LoopSocket socket, PipeWriter pipe, PoolTurns turns)
{
    private const int LeastBuffer = 2048;

    private bool _reads;
    private TlsRecords _records;

    /// <summary>Whether arriving bytes are to be read.</summary>
    public bool Reads => _reads && !IsAtEnd;

    /// <summary>Whether the client has ended sending.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Whether receiving has ended, and not in good order.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether what arrives is much work for few bytes, and so none for the loop.</summary>
    public bool IsLaborious => _records.AreMany;

    /// <summary>Called once, on a thread of the server, before the first receive.</summary>
    public void Begin() => Read(true);

    public void Receive()
    {
        var buffer = pipe.GetSpan(LeastBuffer);
        var count = socket.Receive(buffer);
        if (count > 0)
        {
            _records.Pass(buffer[..count]);
            pipe.Advance(count);
            if (IsLaborious)
            {
                Read(false);
                _ = ContinueAsync(HandOverElsewhereAsync());
            }
            else
            {
                HandOver(pipe.FlushAsync());
            }
        }
        else if (!LoopSocket.IsBusy(count))
        {
            link.EndReceiving(count == 0 ? null : new ConnectionResetException("The client has reset the connection."));
        }
    }

    /// <summary>Ends receiving. Returns false if it had ended before.</summary>
    /// <param name="reason">The reason that the server is told; null if the client ended in good order.</param>
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

    // Usually the server has read everything by the time the flush returns.
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

    private async ValueTask<FlushResult> HandOverElsewhereAsync()
    {
        await turns.EnterAsync();
        return await pipe.FlushAsync();
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
            return; // the server reads no more, and has reported the reason itself
        }

        await link.Loop.EnterAsync();
        Read(true);
    }
}
