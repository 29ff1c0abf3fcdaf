using System.IO.Pipelines;

namespace Chat.Sockets.Answers;

/// <summary>The same as <see cref="AnswerStream"/>, for code that writes into the server's own buffers.</summary>
internal sealed class AnswerWriter(PipeWriter inner, Answer answer) : PipeWriter
{
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => Watch(inner.FlushAsync(cancellationToken));

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        source.Length > Answer.Piece ? WriteInPiecesAsync(source, cancellationToken) : Watch(inner.WriteAsync(source, cancellationToken));

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<FlushResult> WriteInPiecesAsync(ReadOnlyMemory<byte> rest, CancellationToken cancellationToken)
    {
        while (true)
        {
            var piece = rest[..Math.Min(rest.Length, Answer.Piece)];
            rest = rest[piece.Length..];
            var result = await Watch(inner.WriteAsync(piece, cancellationToken));
            if (rest.IsEmpty || result.IsCompleted || result.IsCanceled)
            {
                return result;
            }
        }
    }

    private ValueTask<FlushResult> Watch(ValueTask<FlushResult> flush) => flush.IsCompleted ? flush : new ValueTask<FlushResult>(UntilTakenAsync(flush.AsTask()));

    private async Task<FlushResult> UntilTakenAsync(Task<FlushResult> flush)
    {
        await answer.UntilTakenAsync(flush);
        return await flush;
    }
}
