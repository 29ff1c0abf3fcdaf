using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class UserAllowanceTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ConnectionOptions _options = new()
    {
        UserMessagesPerSecond = 10,
        UserMessageBurst = 40,
        UserBytesPerSecond = 1000,
        UserByteBurst = 8000,
        UserTopicsPerSecond = 1,
        UserTopicBurst = 100,
        UserEntriesPerSecond = 10,
        UserEntryBurst = 50,
    };

    [Fact]
    public void Allowance_OfANodeWithAQuarterOfTheConnections_IsAQuarter()
    {
        var users = new UserAllowances(_options, _clock);
        users.Enter("ada", everywhere: 4);

        Assert.Equal(10, Messages(users));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(5, Messages(users));
    }

    [Fact]
    public void Allowance_HoweverSmallTheShare_LetsAMessageOfAnySizeThroughInTime()
    {
        var users = new UserAllowances(_options, _clock);
        users.Enter("ada", everywhere: 100);
        users.Of("ada").Take(1, 5000);

        _clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(Excess.None, users.Of("ada").Take(1, 5000));
        Assert.Equal(Excess.UserMessages, users.Of("ada").Take(1, 5000));
    }

    [Fact]
    public void Allowance_BeingUsedUp_IsToBeAskedAboutOnce()
    {
        var users = new UserAllowances(_options, _clock);
        users.Enter("ada", everywhere: 1);
        users.Of("ada").Take(1, 3000);
        Assert.False(users.TryTakeLow(out _));

        users.Of("ada").Take(1, 3000);
        users.Of("ada").Take(1, 10);

        Assert.True(users.TryTakeLow(out var low));
        Assert.Equal("ada", low.UserId);
        Assert.False(users.TryTakeLow(out _));
        users.Learn(low, everywhere: 2);
        Assert.Equal(0.5, low.Share);
        users.Of("ada").Take(1, 10);
        Assert.True(users.TryTakeLow(out _));
    }

    [Fact]
    public void Allowance_OfAUserWhoHasGone_IsForgottenOnceItIsWhole()
    {
        var users = new UserAllowances(_options, _clock);
        users.Enter("ada", everywhere: 1);
        Messages(users);
        users.Leave("ada");

        _clock.Advance(TimeSpan.FromSeconds(2));
        users.Sweep();
        users.Enter("ada", everywhere: 1);
        Assert.Equal(20, Messages(users));
        users.Leave("ada");

        _clock.Advance(TimeSpan.FromSeconds(100)); // the allowance for topics takes longest
        users.Sweep();
        Assert.Equal(0, users.Count);
    }

    [Fact]
    public void Connection_ThatComesIntoMoreTopicsThanAreLeft_IsPaidForByTheNext()
    {
        var ada = new UserAllowances(_options, _clock).Of("ada");

        Assert.True(ada.TryEnter());
        ada.Enter(99);

        Assert.False(ada.TryEnter());
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(ada.TryEnter());
        _clock.Advance(TimeSpan.FromSeconds(0.15));
        Assert.True(ada.TryEnter());
        Assert.False(ada.TryEnter());
    }

    /// <summary>This happens when an edge, or one node after the other, is restarted.</summary>
    [Fact]
    public void Connections_OfAsManyDevicesAndGroupsAsAUserCanHave_AreLetInFiveTimesAtOnce()
    {
        var options = new ConnectionOptions();
        var ada = new UserAllowances(options, _clock).Of("ada");

        for (var i = 0; i < 5 * options.PerUser; i++)
        {
            Assert.True(ada.TryEnter());
            ada.Enter(options.TopicsPerConnection);
        }

        Assert.False(ada.TryEnter());
    }

    [Fact]
    public void Defaults_AreValid() => Assert.True(new ConnectionOptionsValidator().Validate(null, new ConnectionOptions()).Succeeded);

    [Fact]
    public void Errors_AreToldAllAtOnceWithTheirSettings()
    {
        var options = new ConnectionOptions
        {
            SilenceLimit = TimeSpan.FromSeconds(2),
            MessageBytes = 64 * 1024,
            ByteBurst = 1000,
            UserByteBurst = 1000,
            UserMessageBurst = 1_000_000,
        };

        Assert.Collection(
            options.Errors(),
            error => Assert.StartsWith("Chat:Connections:SilenceLimit", error, StringComparison.Ordinal),
            error => Assert.StartsWith("Chat:Connections:ByteBurst", error, StringComparison.Ordinal),
            error => Assert.StartsWith("Chat:Connections:UserByteBurst", error, StringComparison.Ordinal),
            error => Assert.StartsWith("Chat:Connections:OutboxBytes", error, StringComparison.Ordinal));
    }

    private static int Messages(UserAllowances users)
    {
        var taken = 0;
        while (taken < 1000 && users.Of("ada").Take(1, 1) == Excess.None)
        {
            taken++;
        }

        return taken;
    }
}
