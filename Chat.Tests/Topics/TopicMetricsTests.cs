using System.Diagnostics.Metrics;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Chat.Tests.Topics;

/// <summary>The activity of a topic shows in the Chat meter.</summary>
public sealed class TopicMetricsTests
{
    [Fact]
    public void Delivery_CountsEachMember_AndMeasuresTheWayOnce()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var delivered = 0L;
        var latencies = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => delivered += instrument.Name == "chat.delivered" ? value : 0);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "chat.delivery.duration")
            {
                latencies.Add(value);
            }
        });
        listener.Start();
        var backplane = new MemoryBackplane();
        var name = Topic.Group("measured");
        var topic = new LocalTopic(name, "node"u8.ToArray(), new TopicMetrics(factory));
        topic.Begin(new LogPage("e1", 0, []));
        for (var number = 1; number <= 3; number++)
        {
            topic.Join(new RecordingConnection(number));
        }

        topic.Receive(backplane.Say(name, "from one of them", via: 2));

        Assert.Equal(2, delivered);
        Assert.InRange(Assert.Single(latencies), 0, double.MaxValue);
    }
}
