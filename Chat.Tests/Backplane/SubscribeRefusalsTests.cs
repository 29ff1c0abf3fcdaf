using Chat.Api.Redis;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class SubscribeRefusalsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<SubscribeRefusals> _logger = new();

    [Fact]
    public void Refusals_AreALineNowAndThen_AndNoneIsLeftOut()
    {
        var refusals = new SubscribeRefusals(_time, _logger);
        refusals.Tick();
        Assert.Empty(_logger.Lines);

        for (var second = 0; second < 31; second++)
        {
            refusals.Add("NOPERM first");
            refusals.Add($"CLUSTERDOWN {second}");
            refusals.Tick();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, _logger.Lines.Length);
        Assert.Contains(" 2 times by now (the last: CLUSTERDOWN 0)", _logger.Lines[0], StringComparison.Ordinal);
        Assert.Contains(" 60 times by now (the last: CLUSTERDOWN 30)", _logger.Lines[1], StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromMinutes(1));
        refusals.Tick();
        Assert.Equal(2, _logger.Lines.Length);
    }
}
