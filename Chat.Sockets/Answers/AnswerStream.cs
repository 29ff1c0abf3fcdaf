namespace Chat.Sockets.Answers;

/// <summary>Writes an answer, and tells the <see cref="Answer"/> of every write that the client does not take at once.</summary>
internal sealed class AnswerStream(Stream inner, Answer answer) : Stream
{
    public override bool CanRead => false;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.Length > Answer.Piece ? WriteInPiecesAsync(buffer, cancellationToken) : WritePieceAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushing = inner.FlushAsync(cancellationToken);
        return flushing.IsCompleted ? flushing : answer.UntilTakenAsync(flushing);
    }

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count); // the server refuses this

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask WriteInPiecesAsync(ReadOnlyMemory<byte> rest, CancellationToken cancellationToken)
    {
        while (!rest.IsEmpty)
        {
            var piece = rest[..Math.Min(rest.Length, Answer.Piece)];
            await WritePieceAsync(piece, cancellationToken);
            rest = rest[piece.Length..];
        }
    }

    private ValueTask WritePieceAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        var writing = inner.WriteAsync(piece, cancellationToken);
        return writing.IsCompleted ? writing : new ValueTask(answer.UntilTakenAsync(writing.AsTask()));
    }
}
