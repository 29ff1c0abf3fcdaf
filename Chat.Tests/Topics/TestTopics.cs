using Chat.Api.Nodes;
using Chat.Api.Topics;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Topics;

internal static class TestTopics
{
    /// <summary>A node's topics, none of them there yet.</summary>
    public static TopicTable New(TimeProvider? time = null) =>
        new(new NodeIdentity(time ?? TimeProvider.System), new TopicMetrics(NoMeters.Instance), time ?? TimeProvider.System, NullLogger<TopicTable>.Instance);
}
