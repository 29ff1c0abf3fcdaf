using Chat.Api.Nodes;
using Chat.Api.Topics;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Topics;

internal static class TestTopics
{
    /// <summary>A node's topics, of which none exists yet.</summary>
    public static TopicTable New(TimeProvider? time = null, TopicOptions? options = null)
    {
        time ??= TimeProvider.System;
        return new(new NodeIdentity(time), Options.Create(options ?? new TopicOptions()), new TopicMetrics(NoMeters.Instance), time, NullLogger<TopicTable>.Instance);
    }
}
