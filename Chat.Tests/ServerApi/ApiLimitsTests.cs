using System.Security.Claims;
using Chat.Api.ServerApi;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>How many calls a backend may make.</summary>
public sealed class ApiLimitsTests
{
    [Fact]
    public void Calls_BeyondTheBurst_AreRefused_OfThatBackendOnly()
    {
        using var limits = Limits(perSecond: 1, burst: 10);

        Assert.Null(limits.Take(Caller("shop"), 9));
        Assert.Null(limits.Take(Caller("shop"), 1));
        var refused = limits.Take(Caller("shop"), 10); // one flows in each second

        Assert.Equal((429, "too_many_calls"), (refused?.Status, refused?.Code));
        Assert.InRange(refused!.RetryAfter, 1, 10);
        Assert.Null(limits.Take(Caller("other"), 10));
    }

    [Fact]
    public void Calls_WithoutALimit_AreAllAllowed()
    {
        using var limits = Limits(perSecond: 0, burst: 1);

        Assert.Null(limits.Take(Caller("shop"), 1_000_000));
        Assert.Null(limits.Take(Caller("shop"), 1_000_000));
    }

    [Fact]
    public void Burst_SmallerThanTheLargestCall_IsTold()
    {
        var error = Assert.Single(new ServerApiOptions { CallBurst = 999 }.Errors());

        Assert.Contains("Api:CallBurst (999)", error, StringComparison.Ordinal);
        Assert.Empty(new ServerApiOptions().Errors());
    }

    private static ApiLimits Limits(int perSecond, int burst) => new(Options.Create(new ServerApiOptions { CallsPerSecond = perSecond, CallBurst = burst }));

    private static ClaimsPrincipal Caller(string name) => new(new ClaimsIdentity([new("name", name)], "test", "name", "role"));
}
