using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;
using Chat.Api.Redis;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class SubscriptionTicksTests
{
    private const int Limit = 5; // ticks

    private readonly SubscriptionTicks _ticks = new(new BackplaneOptions());
    private long _last;

    public SubscriptionTicksTests()
    {
        _ticks.BeginLink();
        _ticks.BeginHearing();
    }

    [Fact]
    public void Ticks_ThatAreHeard_LeaveNoDoubt()
    {
        for (var i = 0; i < 100; i++)
        {
            Publish();
            Hear(_last);
            Answer();
            Assert.Null(_ticks.Doubt);
        }
    }

    [Fact]
    public void Silence_MakesUnready_ThenDead()
    {
        for (var ticks = 1; ticks <= Limit + 1; ticks++)
        {
            Assert.False(_ticks.IsDead);
            Publish();
            Assert.Equal(ticks > 3, _ticks.Doubt is not null);
        }

        Assert.True(_ticks.IsDead);
    }

    // A node with more work than it can do: its own tick arrives behind ten seconds of traffic.
    [Fact]
    public void Lateness_IsNoDeath()
    {
        var heard = 0L;
        for (var i = 0; i < 100; i++)
        {
            Publish();
            _ticks.Read();
            if (i >= 2 * Limit)
            {
                Hear(++heard); // in the order of the link
                Answer();
            }

            Assert.Null(_ticks.Doubt);
            Assert.False(_ticks.IsDead);
        }
    }

    // Other traffic continues, so that the link is not silent.
    [Fact]
    public void Link_ThatLostTheTicksChannel_IsUnready_ThenDead()
    {
        for (var ticks = 1; ticks <= Limit + 1; ticks++)
        {
            Publish();
            Answer();
            Assert.Equal(ticks > 4, _ticks.Doubt is not null); // a tick counts as taken by Redis from the next tick on
        }

        Publish();
        Assert.Throws<RespException>(Answer);
    }

    [Fact]
    public void Ticks_ThatRedisHasNotTaken_AreNotWaitedFor()
    {
        for (var i = 0; i < 100; i++)
        {
            _ticks.Next();
            _ticks.Asking();
            Answer();
        }

        Assert.Null(_ticks.Doubt);
    }

    [Fact]
    public void Link_MadeAnew_OwesNothingOfBefore()
    {
        for (var ticks = 0; ticks < Limit; ticks++)
        {
            Publish();
        }

        _ticks.BeginLink();
        _ticks.BeginHearing();

        Assert.Null(_ticks.Doubt);
        for (var ticks = 0; ticks < Limit; ticks++)
        {
            _ticks.Next(); // commands fail meanwhile, so none of these ticks is taken
            _ticks.Asking();
            Answer();
        }

        Assert.Null(_ticks.Doubt);
    }

    // Ticks go to three servers in turn. One of them is cut off: what is published there is heard by nobody, whichever server they listen to.
    [Fact]
    public void Ticks_OfOneServerOfThree_MayBeMissing()
    {
        for (var i = 0; i < 100; i++)
        {
            Publish(servers: 3);
            if (_last % 3 != 0)
            {
                Hear(_last);
            }

            Answer();
            Assert.Null(_ticks.Doubt);
        }
    }

    // The server that is cut off is the one that is listened to: it brings only what is published at itself.
    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public void Link_ThatBringsTheTicksOfOneServerOnly_IsUnready_ThenDead(int servers)
    {
        var (ticks, wasUnready) = (0, false);
        var exception = Record.Exception(() =>
        {
            for (; ticks < 4 * Limit; ticks++)
            {
                Publish(servers);
                if (_last % servers == 0)
                {
                    Hear(_last);
                }

                wasUnready |= _ticks.Doubt is not null;
                Answer();
            }
        });

        Assert.IsType<RespException>(exception);
        Assert.True(wasUnready);
        Assert.InRange(ticks, Limit, 2 * Limit + 1);
    }

    private void Publish(int servers = 1)
    {
        _last = _ticks.Next(servers);
        _ticks.Asking();
        _ticks.Taken(_last);
    }

    private void Hear(long number)
    {
        _ticks.Read();
        _ticks.Heard(Encoding.ASCII.GetBytes($"{number}"));
    }

    private void Answer()
    {
        _ticks.Read();
        _ticks.Answered();
    }
}
