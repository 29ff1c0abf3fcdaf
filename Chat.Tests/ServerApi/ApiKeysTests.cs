using Chat.Api.Auth;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>Keys in the settings.</summary>
public sealed class ApiKeysTests
{
    private static readonly string Secret = new('s', 32);

    [Theory]
    [InlineData(null, 32, "Api:Keys:0:Name must be set")]
    [InlineData(" x", 32, "Api:Keys:0:Name must be set")]
    [InlineData("x", 31, "Api:Keys:0:Secret must have 32 to 512")]
    [InlineData("x", 513, "Api:Keys:0:Secret must have 32 to 512")]
    public void Key_ThatIsNone_IsToldWithoutItsSecret(string? name, int length, string expected)
    {
        var error = Assert.Single(Errors(new ApiKey { Name = name, Secret = new('s', length) }));

        Assert.StartsWith(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("sss", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_ThatNoHeaderCouldCarry_IsTold()
    {
        Assert.Single(Errors(new ApiKey { Name = "x", Secret = Secret + " " }));
        Assert.Single(Errors(new ApiKey { Name = "x", Secret = Secret + "ü" }));
        Assert.Single(Errors(new ApiKey { Name = "x", Secret = Secret + "\n" }));
        Assert.Single(Errors(new ApiKey { Name = "x" }));
    }

    // Two keys of one name belong to one backend, which replaces one by the other.
    [Fact]
    public void Keys_WithOneSecret_AreTold_AndThoseOfOneNameAreFine()
    {
        Assert.Empty(Errors(new ApiKey { Name = "x", Secret = Secret }, new ApiKey { Name = "x", Secret = Secret + "2" }));
        Assert.Single(Errors(new ApiKey { Name = "x", Secret = Secret }, new ApiKey { Name = "y", Secret = Secret }));
        Assert.Empty(Errors(new ApiKey { Name = "x", Secret = Secret }, new ApiKey { Name = "y", Secret = Secret + "2" }));
    }

    [Fact]
    public void Key_IsFoundByItsSecret_AndTheOneThatWasTakenAwayIsNot()
    {
        var keys = new ApiKeys(Options.Create(new ApiKeyOptions { Keys = [new ApiKey { Name = "old", Secret = Secret }, new ApiKey { Name = "new", Secret = Secret + "2" }] }));
        var later = new ApiKeys(Options.Create(new ApiKeyOptions { Keys = [new ApiKey { Name = "new", Secret = Secret + "2" }] }));

        Assert.Equal(("old", "new"), (keys.Find(Secret)?.Identity?.Name, keys.Find(Secret + "2")?.Identity?.Name));
        Assert.Null(keys.Find(""));
        Assert.Null(keys.Find(Secret[1..]));
        Assert.Null(keys.Find(Secret + "3"));
        Assert.Null(keys.Find(Secret + '\0'));
        Assert.Null(keys.Find(new string('s', ApiKeys.MostChars)));
        Assert.Null(keys.Find(new string('s', ApiKeys.MostChars + 1)));
        Assert.Null(later.Find(Secret));
        Assert.Null(new ApiKeys(Options.Create(new ApiKeyOptions())).Find(""));
    }

    private static IEnumerable<string> Errors(params ApiKey[] keys) => new ApiKeyOptionsValidator().Validate(null, new ApiKeyOptions { Keys = keys }).Failures ?? [];
}
