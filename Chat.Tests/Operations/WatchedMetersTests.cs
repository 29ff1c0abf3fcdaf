using System.Diagnostics.Metrics;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Operations;
using Chat.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Chat.Tests.Operations;

public sealed class WatchedMetersTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionMetrics _connections;
    private readonly BackplaneMetrics _backplane;
    private readonly WatchedMeters _meters;

    public WatchedMetersTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        (_connections, _backplane, _meters) = (new ConnectionMetrics(factory), new BackplaneMetrics(factory), new WatchedMeters(factory, _time));
    }

    public void Dispose()
    {
        _meters.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Metrics_AreCounted_FromTheFirstLook()
    {
        _connections.Sent(1000);
        Assert.Equal(0, _meters.Read().Counts.SentBytes);

        _connections.Sent(10);
        _connections.Sent(20);
        _connections.Received();
        _backplane.Published(TimeSpan.FromMilliseconds(2));
        _backplane.RoundTrip(TimeSpan.FromMilliseconds(3));
        _backplane.RoundTrip(TimeSpan.FromMilliseconds(1.5));

        var (counts, roundTrip) = _meters.Read();
        Assert.Equal((30, 1, 1, 2.0, 1.5), (counts.SentBytes, counts.Received, counts.Published, counts.PublishMs, roundTrip));
    }

    [Fact]
    public void Counting_Ends_WhenNobodyLooksAnyMore_AndBeginsAnewWithItsOwnBeginning()
    {
        Assert.False(_meters.IsListening);
        var first = _meters.Read().Counts;
        _time.Advance(WatchedMeters.Patience / 2);
        _meters.Read();
        _time.Advance(WatchedMeters.Patience / 2);
        Assert.True(_meters.IsListening);

        _time.Advance(WatchedMeters.Patience);
        Assert.False(_meters.IsListening);
        _connections.Sent(10);

        var second = _meters.Read().Counts;
        Assert.Equal(0, second.SentBytes);
        Assert.NotEqual(first.SinceMs, second.SinceMs); // so that nobody takes the difference for a rate
    }

    [Fact]
    public void Metrics_OfAnotherNodeInTheProcess_AreNotCounted()
    {
        _meters.Read();
        using var other = new ServiceCollection().AddMetrics().BuildServiceProvider();

        new ConnectionMetrics(other.GetRequiredService<IMeterFactory>()).Sent(10);

        Assert.Equal(0, _meters.Read().Counts.SentBytes);
    }
}
