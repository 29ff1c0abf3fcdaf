using System.Security.Claims;
using Chat.Api.ServerApi;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>How many calls a backend may make.</summary>
public sealed class ApiLimitsTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Calls_BeyondTheBurst_AreRefused_OfThatBackendOnly()
    {
        var limits = Limits(perSecond: 2, burst: 10);

        Assert.Null(limits.Take(Caller("shop"), 9));
        Assert.Null(limits.Take(Caller("shop"), 1));
        var refused = limits.Take(Caller("shop"), 5);

        Assert.Equal((429, "too_many_calls", 3), (refused?.Status, refused?.Code, refused?.RetryAfter)); // 2.5 s, but headers have whole seconds
        Assert.Null(limits.Take(Caller("other"), 10));
    }

    [Fact]
    public void Calls_ThatWaitForAsLongAsTheyAreTold_AreAllowed()
    {
        var limits = Limits(perSecond: 2, burst: 10);
        Assert.Null(limits.Take(Caller("shop"), 10));

        _time.Advance(TimeSpan.FromSeconds(limits.Take(Caller("shop"), 5)!.RetryAfter));

        Assert.Null(limits.Take(Caller("shop"), 5));
        Assert.NotNull(limits.Take(Caller("shop"), 2)); // one of six is left
    }

    [Fact]
    public void Calls_WithoutALimit_AreAllAllowed()
    {
        var limits = Limits(perSecond: 0, burst: 1);

        Assert.Null(limits.Take(Caller("shop"), 1_000_000));
        Assert.Null(limits.Take(Caller("shop"), 1_000_000));
    }

    [Fact]
    public void Callers_WhoHaveBeenQuiet_AreForgotten_AndTheOthersAreNot()
    {
        var limits = Limits(perSecond: 1, burst: 10);
        Assert.Null(limits.Take(Caller("quiet"), 1));
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < ApiLimits.Kept; i++)
        {
            Assert.Null(limits.Take(Caller($"shop{i}"), 10));
        }

        Assert.InRange(limits.Callers, 2, ApiLimits.Kept);
        Assert.All(Enumerable.Range(0, ApiLimits.Kept), i => Assert.NotNull(limits.Take(Caller($"shop{i}"), 1)));
    }

    [Fact]
    public void Burst_SmallerThanTheLargestCall_IsTold()
    {
        var error = Assert.Single(new ServerApiOptions { CallBurst = 999 }.Errors());

        Assert.Contains("Api:CallBurst (999)", error, StringComparison.Ordinal);
        Assert.Empty(new ServerApiOptions().Errors());
    }

    private ApiLimits Limits(int perSecond, int burst) => new(Options.Create(new ServerApiOptions { CallsPerSecond = perSecond, CallBurst = burst }), _time);

    private static ClaimsPrincipal Caller(string name) => new(new ClaimsIdentity([new("name", name)], "test", "name", "role"));
}
