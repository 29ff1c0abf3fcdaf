using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Events;

public sealed class EventLossesTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<EventLosses> _logger = new();

    [Fact]
    public void Losses_OfManyTopics_AreOneLineNowAndThen_AndNoneIsLeftOut()
    {
        using (var losses = new EventLosses(_time, _logger))
        {
            losses.Add(1, Topic.Group("first"));
            _time.Advance(TimeSpan.Zero);
            Assert.StartsWith("Warning: 1 events were dropped, the oldest of their topics, 1 of them of group:first:", Assert.Single(_logger.Lines), StringComparison.Ordinal);

            for (var i = 1; i <= 100; i++)
            {
                losses.Add(i == 42 ? 3 : 1, Topic.Group($"g{i}"));
                _time.Advance(EventLosses.Pause / 101);
            }

            Assert.Single(_logger.Lines);
            _time.Advance(EventLosses.Pause / 50);
            Assert.StartsWith("Warning: 102 events were dropped, the oldest of their topics, 3 of them of group:g42:", _logger.Lines[1], StringComparison.Ordinal);
            losses.Add(5, Topic.Group("last"));
        }

        Assert.StartsWith("Warning: 5 events", _logger.Lines[2], StringComparison.Ordinal);
        Assert.Equal(3, _logger.Lines.Length);
    }
}
