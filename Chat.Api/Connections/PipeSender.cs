using System.Buffers;
using System.IO.Pipelines;

namespace Chat.Api.Connections;

/// <summary>Writes through the server's pipe: for TLS, and for all else that has no plain socket underneath.</summary>
internal sealed class PipeSender(PipeWriter output, Action abort) : IFrameSender
{
    private Task<FlushResult>? _flush; // under way: the client does not keep up

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        if (_flush is { IsCompleted: false })
        {
            return true;
        }

        if (_flush is { IsCompletedSuccessfully: false })
        {
            return false; // it failed since
        }

        try
        {
            output.Write(bytes);
            sent = bytes.Length;
            var flush = output.FlushAsync(CancellationToken.None);
            if (flush.IsCompletedSuccessfully)
            {
                _flush = null;
                return !flush.Result.IsCompleted;
            }

            _flush = flush.AsTask();
            return !_flush.IsFaulted && !_flush.IsCanceled;
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            return false;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            if (_flush is not null)
            {
                Check(await _flush);
                _flush = null;
            }

            Check(await output.WriteAsync(bytes, CancellationToken.None));
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            throw new IOException("The connection is gone.", exception);
        }
    }

    // The exceptions that a stream or pipe throws when its connection has ended, a disposed one included.
    private static bool IsEnd(Exception exception) => exception is IOException or InvalidOperationException or OperationCanceledException;

    public void Abort() => abort();

    private static void Check(FlushResult result)
    {
        if (result.IsCompleted)
        {
            throw new IOException("The connection is gone.");
        }
    }
}
