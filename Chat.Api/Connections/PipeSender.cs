using System.Buffers;
using System.IO.Pipelines;

namespace Chat.Api.Connections;

/// <summary>Writes through the server's pipe: for TLS, and whatever else has no plain socket underneath.</summary>
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

        output.Write(bytes);
        sent = bytes.Length;
        var flush = output.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            _flush = null;
            return !flush.Result.IsCompleted;
        }

        _flush = flush.AsTask();
        return true;
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_flush is not null)
        {
            Check(await _flush);
            _flush = null;
        }

        Check(await output.WriteAsync(bytes, CancellationToken.None));
    }

    public void Abort() => abort();

    private static void Check(FlushResult result)
    {
        if (result.IsCompleted)
        {
            throw new IOException("The connection is gone.");
        }
    }
}
