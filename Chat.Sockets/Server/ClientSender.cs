using System.Buffers;
using System.IO.Pipelines;
using Chat.Sockets.Loops;

namespace Chat.Sockets.Server;

/// <summary>What the server has written to its pipe goes to the client, on whichever thread it was written.</summary>
internal sealed class ClientSender(ClientLink link, LoopSocket socket, PipeReader pipe)
{
    private TaskCompletionSource? _room; // on the loop's thread only

    /// <summary>Whether it waits until the socket takes more.</summary>
    public bool WaitsForRoom => _room is not null;

    /// <summary>Until the server has written its last, or the client is gone.</summary>
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
            // The server gave up what it was writing, and has said why.
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    /// <summary>The socket takes more, or will never again. On the loop's thread.</summary>
    public void OnRoom()
    {
        if (_room is { } room)
        {
            _room = null;
            link.Watch();
            room.SetResult();
        }
    }

    /// <summary>Sends no more. On the loop's thread.</summary>
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
                room.SetResult(); // to try again is to learn it
                return;
            }

            _room = room;
            link.Watch();
        });
        return room.Task;
    }
}
