using System.Net.Http.Json;
using System.Text.Json;
using Chat.Api.Operations;
using Chat.Tests.ServerApi;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Operations;

/// <summary>The numbers of the operations page, from two real nodes.</summary>
public sealed class ReportTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    [Fact]
    public async Task Report_HasWhatEveryNodeCounts()
    {
        var group = Unique("ops");
        await using var here = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{group}/a?format=json");
        await using var there = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/group/{group}/b?format=json");
        await using var also = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/group/{group}/c?format=json");
        var before = await UntilAsync(report => report.Nodes.Count(node => node.Report is not null) == 2); // counting begins

        await here.SendJsonAsync(new { Msg = "hello", MsgId = "m-1" });
        await here.NextFrameAsync("ack");
        await there.UntilAsync(frame => ChatFrame.Parse(frame) is { Type: "message" });
        await also.UntilAsync(frame => ChatFrame.Parse(frame) is { Type: "message" });

        var after = await UntilAsync(report => Delivered(report, Nodes.Deployed) >= Delivered(before, Nodes.Deployed) + 2);
        Assert.True(Line(after, Nodes.Developed).Report!.Counts.Published > Line(before, Nodes.Developed).Report!.Counts.Published);
        Assert.Equal(3, after.Topics.Single(topic => topic.Topic == "group:" + group).Members);
        Assert.True(after.Redis);
        Assert.All([Nodes.Developed, Nodes.Deployed], node =>
        {
            var report = Line(after, node).Report!;
            Assert.Empty(report.Failing);
            Assert.InRange(report.CpuMs, 1, long.MaxValue);
            Assert.InRange(report.Memory, 1024 * 1024, long.MaxValue);
        });
        Assert.Equal(Nodes.Developed.Id, after.Node);

        await UntilAsync(report => report.Nodes.All(node => node.Report?.RoundTripMs > 0)); // once a second
        await UntilAsync(report => report.Nodes.Any(node => node.Id == Nodes.Deployed.Id && node.Connections >= 2)); // updated with the heartbeat
    }

    [Fact]
    public async Task Report_HasWhatClosedConnections()
    {
        var user = Unique("gone");
        await using var client = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/user/{user}?format=json");
        await client.NextFrameAsync("subscribed"); // the 101 comes before the connection is counted
        (await Api.PostAsync("users/disconnect", new { user, reason = "in words of its own" })).Read<JsonElement>();

        var report = await UntilAsync(report => report.Closes.Any(close => close.Code == 4410));

        Assert.Equal("disconnected", report.Closes.Single(close => close.Code == 4410).Reason);
        Assert.Equal(10, report.CloseMinutes);
    }

    // However many people look at the page.
    [Fact]
    public async Task Nodes_AreAskedOnceASecond_ByWhoeverLooks()
    {
        var began = TimeProvider.System.GetTimestamp();
        var reports = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ReadAsync()));
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;

        Assert.InRange(reports.Select(report => Line(report, Nodes.Developed).Report?.Ms).Distinct().Count(), 1, 2 + (int)seconds);
    }

    private static NodeLine Line(ClusterReport report, NodeProcess node) => report.Nodes.Single(line => line.Id == node.Id);

    private static long Delivered(ClusterReport report, NodeProcess node) =>
        report.Nodes.FirstOrDefault(line => line.Id == node.Id)?.Report?.Counts.Delivered ?? 0;

    private async Task<ClusterReport> UntilAsync(Func<ClusterReport, bool> condition)
    {
        ClusterReport? report = null;
        await Eventually.TrueAsync(async () => condition(report = await ReadAsync()));
        return report!;
    }

    private async Task<ClusterReport> ReadAsync() =>
        (await Nodes.Developed.Http.GetFromJsonAsync("ops/report", OperationsJson.Default.ClusterReport))!;
}
