using System.Text.Json;
using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Api.Orders;
using Chat.Api.Topics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Api.Operations;

/// <summary>Makes this node's report, for itself and for others that ask.</summary>
internal sealed class ReportQuestion(
    NodeIdentity node, ConnectionTable connections, TopicTable topics, HealthCheckService health, WatchedMeters meters) : INodeQuestion
{
    public const string Question = "report";

    /// <summary>The most topics, reasons and clients that a report names: while somebody looks, every node sends one up to once
    /// a second to each node that is asked.</summary>
    public const int MostNamed = 20;

    private const long LeastWaiting = 16 * 1024; // bytes; less may just be a send under way

    public string Name => Question;

    public async Task<byte[]> AnswerAsync() => JsonSerializer.SerializeToUtf8Bytes(await MakeAsync(), OperationsJson.Default.NodeReport);

    public async Task<NodeReport> MakeAsync()
    {
        var checks = await health.CheckHealthAsync();
        var (counts, roundTrip) = meters.Read();
        return new NodeReport(
            meters.NowMs,
            checks.Entries.Where(static check => check.Value.Status != HealthStatus.Healthy).ToDictionary(static check => check.Key, static check => check.Value.Description ?? "failed"),
            roundTrip,
            (long)Environment.CpuUsage.TotalTime.TotalMilliseconds,
            Environment.WorkingSet,
            topics.All.Count(),
            counts,
            [.. topics.All.Select(static topic => new TopicMembers(topic.Topic.Name, topic.MemberCount)).Where(static topic => topic.Members > 0)
                .OrderByDescending(static topic => topic.Members).ThenBy(static topic => topic.Topic, StringComparer.Ordinal).Take(MostNamed)],
            [.. connections.Closes.Read().Take(MostNamed).Select(static close => new Closes(close.Reason.Code, close.Reason.Text, close.Count))],
            [.. connections.All.Select(connection => new WaitingClient(connection.UserId, node.Id, connection.WaitingBytes)).Where(static client => client.Bytes >= LeastWaiting)
                .OrderByDescending(static client => client.Bytes).Take(MostNamed)]);
    }
}
