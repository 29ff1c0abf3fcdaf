using System.Text.Json;
using Chat.Api.Backplane;
using Chat.Api.Nodes;
using Chat.Api.Orders;

namespace Chat.Api.Operations;

/// <summary>Asks all nodes for their reports when somebody looks.</summary>
/// <remarks>There is at most one question at a time and one per second, however many look and however often. Nobody can make Redis or the nodes work
/// by asking.</remarks>
internal sealed class ClusterReports(
    NodeOrders orders, ReportQuestion own, LiveNodes live, NodeIdentity node, IBackplane backplane, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _current and _startedAt
    private Task<ClusterReport>? _current;
    private long _startedAt;

    public Task<ClusterReport> ReadAsync()
    {
        lock (_gate)
        {
            if (_current is null || (_current.IsCompleted && time.GetElapsedTime(_startedAt) >= Fresh))
            {
                (_current, _startedAt) = (GatherAsync(), time.GetTimestamp());
            }

            return _current;
        }
    }

    private async Task<ClusterReport> GatherAsync()
    {
        await Task.Yield(); // out of the lock
        var asked = AskAsync();
        var reports = new Dictionary<string, NodeReport>(StringComparer.Ordinal) { [node.Id] = await own.MakeAsync() }; // without Redis, at least this report
        foreach (var (id, text) in await asked)
        {
            if (id != node.Id && Parse(text) is { } report)
            {
                reports[id] = report;
            }
        }

        return ClusterReport.Of(node.Id, backplane.IsReady(out _), live.List(), reports);
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> AskAsync()
    {
        try
        {
            return await orders.AskAsync(ReportQuestion.Question);
        }
        catch (BackplaneUnavailableException)
        {
            return new Dictionary<string, byte[]>();
        }
    }

    private static NodeReport? Parse(byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, OperationsJson.Default.NodeReport);
        }
        catch (JsonException)
        {
            return null; // of another version
        }
    }
}
