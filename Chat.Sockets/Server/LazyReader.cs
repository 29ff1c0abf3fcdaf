using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Server;

/// <summary>Begins to read from the socket when the server first waits for data. The data is then handled where it arrives, on the loop. Data that
/// had arrived before would be found by another thread, which would have to wake the loop again.</summary>
/// <remarks>Only the data of TLS handshakes is handled elsewhere (<see cref="PoolTurns"/>).</remarks>
/// <param name="inner">What arrives.</param>
/// <param name="begin">Called with the first read.</param>
/// <param name="isHandshake">Whether the data belongs to a handshake.</param>
/// <param name="isOver">Whether the client has ended. Its handshake is then not worth the work: thousands that abandon theirs would make others wait.</param>
/// <param name="turns">Where handshakes go on.</param>
/// <param name="time">The clock.</param>
internal sealed class LazyReader(PipeReader inner, Action begin, Func<bool> isHandshake, Func<bool> isOver, PoolTurns turns, TimeProvider time) : PipeReader
{
    private readonly Lock _gate = new(); // guards _waited and _waitingSince
    private Action? _begin = begin;
    private bool _mayBeHandshake = true; // a connection begins with one, if it has one
    private TimeSpan _waited;
    private long? _waitingSince;

    /// <summary>How long the client's data has waited for its turn.</summary>
    public TimeSpan Waited
    {
        get
        {
            lock (_gate)
            {
                return _waited + (_waitingSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);
            }
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = inner.ReadAsync(cancellationToken);
        if (_begin is { } begin)
        {
            _begin = null;
            begin();
        }

        _mayBeHandshake = _mayBeHandshake && isHandshake();
        return _mayBeHandshake ? InTurnAsync(result) : result;
    }

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private async ValueTask<ReadResult> InTurnAsync(ValueTask<ReadResult> reading)
    {
        var result = await reading;
        lock (_gate)
        {
            _waitingSince = time.GetTimestamp();
        }

        await turns.EnterAsync();
        lock (_gate)
        {
            _waited += time.GetElapsedTime(_waitingSince!.Value);
            _waitingSince = null;
        }

        if (isOver() && isHandshake())
        {
            inner.AdvanceTo(result.Buffer.End);
            throw new ConnectionResetException("The client has left its handshake.");
        }

        return result;
    }
}
