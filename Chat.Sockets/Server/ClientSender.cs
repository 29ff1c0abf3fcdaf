using System.Buffers;
using System.IO.Pipelines;
using Chat.Sockets.Loops;

namespace Chat.Sockets.Server;

/// <summary>Sends to the client what the server writes to its pipe, on the thread that wrote it.</summary>
internal sealed class ClientSender(ClientLink link, LoopSocket socket, PipeReader pipe)
{
    private TaskCompletionSource? _room; // on the loop's thread only

    /// <summary>Whether it waits until the socket takes more.</summary>
    public bool WaitsForRoom => _room is not null;

    /// <summary>Runs until the server has written its last bytes, or the client is gone.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var result = await pipe.ReadAsync();
                if (result.IsCanceled || link.Taker is not null || !await SendAsync(result.Buffer))
                {
                    break;
                }

                pipe.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The server gave up what it was writing, and has reported the reason itself.
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    /// <summary>Called on the loop's thread when the socket takes more, or never will again.</summary>
    public void OnRoom()
    {
        if (_room is { } room)
        {
            _room = null;
            link.Watch();
            room.SetResult();
        }
    }

    /// <summary>Stops sending. On the loop's thread.</summary>
    public void Abort()
    {
        pipe.CancelPendingRead();
        OnRoom();
    }

    private async ValueTask<bool> SendAsync(ReadOnlySequence<byte> bytes)
    {
        foreach (var part in bytes)
        {
            for (var rest = part; !rest.IsEmpty;)
            {
                var count = socket.Send(rest.Span);
                if (count >= 0)
                {
                    rest = rest[count..];
                }
                else if (LoopSocket.IsBusy(count))
                {
                    await UntilThereIsRoomAsync();
                }
                else
                {
                    return false;
                }
            }
        }

        return true;
    }

    private Task UntilThereIsRoomAsync()
    {
        var room = new TaskCompletionSource();
        link.Loop.Run(() =>
        {
            if (link.IsGone)
            {
                room.SetResult(); // the next try will show that
                return;
            }

            _room = room;
            link.Watch();
        });
        return room.Task;
    }
}
