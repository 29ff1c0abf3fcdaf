using System.IO.Pipelines;

namespace Chat.Sockets.Server;

/// <summary>Begins to read from the socket when somebody waits for what comes. Then it is handled where it arrives, on the loop; what had
/// arrived before would be found by another thread, which would have to wake the loop again.</summary>
internal sealed class LazyReader(PipeReader inner, Action begin) : PipeReader
{
    private Action? _begin = begin;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = inner.ReadAsync(cancellationToken);
        if (_begin is { } begin)
        {
            _begin = null;
            begin();
        }

        return result;
    }

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
