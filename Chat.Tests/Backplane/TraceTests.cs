using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A sampled message has one trace, from the publishing node through Redis to the delivering one.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task SampledMessage_IsOneTrace_FromItsPublishToItsDelivery()
    {
        var ended = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ChatTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        var topic = Topic.Group("traced");

        var outcome = await node.PublishAsync(topic, "hi");
        var envelope = (await node.Backplane.ReadAsync(topic, outcome.Epoch, 0, 1)).Envelopes[0];
        var delivering = new LocalTopic(topic, "another"u8.ToArray(), new TopicMetrics(NoMeters.Instance));
        delivering.Begin(new LogPage(outcome.Epoch, 0, []));
        delivering.Join(new RecordingConnection());
        delivering.Receive(envelope);

        var trace = JsonDocument.Parse(envelope).RootElement.GetProperty("Trace").GetString();
        var delivery = Assert.Single(ended, activity => activity.OperationName == "chat.deliver" && activity.ParentId == trace);
        Assert.Equal([("chat.topic.kind", "Group"), ("chat.members", 1), ("chat.message.bytes", 2)], delivery.TagObjects.Select(tag => (tag.Key, tag.Value!)));
        await Eventually.TrueAsync(() => ended.Any(activity => activity.OperationName == "chat.publish" && activity.Id == trace));
    }
}
