using System.Collections.Concurrent;
using System.IO.Pipelines;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;
using Chat.Api.WebSockets;
using Chat.Tests.Access;
using Chat.Tests.Backplane;
using Chat.Tests.Connections;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>If a client writes faster than Redis confirms, its messages are read no faster than that.</summary>
public sealed class PublishesInFlightTests
{
    private const int Limit = 3;
    private const int Messages = 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    [Fact]
    public async Task PublishesInFlight_AtTheLimit_TheNextMessageWaitsForAConfirmation()
    {
        var options = Options.Create(new ConnectionOptions { MessagesPerSecond = 0, BytesPerSecond = 0, UserMessagesPerSecond = 0, UserBytesPerSecond = 0, PublishesInFlight = Limit });
        var table = new ConnectionTable(options, new ConnectionMetrics(NoMeters.Instance), TimeProvider.System);
        var withheld = new ConcurrentQueue<IPublishOutcome>();
        var pipe = new Pipe();
        var connection = new WebSocketConnection(1, "u1", WebSocketFormat.Text, new PipeSource(pipe.Reader), new FakeSender(), table, TestTopics.New(), new MemoryBackplane { Withheld = withheld }) { Access = TestAccess.Of("u1") };
        var reading = connection.ReadAsync(new TopicReader(TestAccess.All(Topic.Group("1"))));
        for (var i = 0; i < Messages; i++)
        {
            await pipe.Writer.WriteAsync(new byte[] { 0x81, 0x81, 0, 0, 0, 0, (byte)'x' }); // a masked text frame of one letter
        }

        await pipe.Writer.CompleteAsync();

        var confirmed = 0;
        while (confirmed < Messages)
        {
            var expected = Math.Min(Limit, Messages - confirmed);
            await Eventually.TrueAsync(() => withheld.Count >= expected);
            Assert.Equal(expected, withheld.Count);
            Assert.True(withheld.TryDequeue(out var outcome));
            outcome.Published("m"u8, "e1"u8, ++confirmed, false);
        }

        await reading.WaitAsync(Deadline);
        Assert.Empty(withheld);
    }
}
