using System.Buffers;
using System.IO.Pipelines;
using Chat.Api.Connections;

namespace Chat.Api.Hubs;

/// <summary>Counts the records that SignalR reads from a client on one of its own transports. <see cref="HubGate"/> limits calls, but records that
/// never become a call, such as pings, results and calls of unknown methods, cost something as well.</summary>
internal sealed class HubInput(PipeReader input, Connection connection) : PipeReader
{
    private HubRecords _counted = HubRecords.Separated();
    private ReadOnlySequence<byte> _read;

    /// <summary>Set before anything is consumed.</summary>
    public HubFormat Format
    {
        set => _counted = value.NewRecords();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var records = 0;
        foreach (var memory in _read.Slice(_read.Start, consumed))
        {
            records += _counted.In(memory.Span);
        }

        _read = default;
        input.AdvanceTo(consumed, examined);
        if (records > 0)
        {
            connection.Allowance.TakeRecords(records, connection);
        }
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await input.ReadAsync(cancellationToken);
        _read = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        var isRead = input.TryRead(out result);
        _read = result.Buffer;
        return isRead;
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);
}
