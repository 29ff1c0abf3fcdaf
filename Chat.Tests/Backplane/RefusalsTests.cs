using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class RefusalsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<(long Count, string Last)> _said = [];

    [Fact]
    public void Refusals_AreALineNowAndThen_AndNoneIsLeftOut()
    {
        var refusals = new Refusals(_time, (count, last) => _said.Add((count, last)));
        refusals.Tick();
        Assert.Empty(_said);

        for (var second = 0; second < 31; second++)
        {
            refusals.Add("NOPERM first");
            refusals.Add($"CLUSTERDOWN {second}");
            refusals.Tick();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([(2, "CLUSTERDOWN 0"), (60, "CLUSTERDOWN 30")], _said);

        _time.Advance(TimeSpan.FromMinutes(1));
        refusals.Tick();
        Assert.Equal(2, _said.Count);
    }
}
