using Chat.Micro;
using Xunit;

namespace Chat.Tests.Bench;

/// <summary>When the micro-benchmarks report that something became worse.</summary>
public sealed class VerdictTests
{
    private static readonly Standing Before = new(Ratio: 0.2, Bytes: 400);

    [Theory]
    [InlineData(0.2, 400, "")]
    [InlineData(0.25, 410, "")]
    [InlineData(0.3, 400, "WORSE: 1.5 times the time")]
    [InlineData(0.2, 464, "WORSE: 64 bytes more")]
    [InlineData(0.1, 400, "better")]
    [InlineData(0.2, 200, "better")]
    public void Verdict_LooksAtRatioAndBytes(double ratio, long bytes, string verdict) => Assert.Equal(verdict, Verdict.Of(new Standing(ratio, bytes), Before));

    [Fact]
    public void Verdict_OfABenchmarkThatAllocatedNothing_MindsTheFirstObject() =>
        Assert.True(Verdict.IsWorse(Verdict.Of(new Standing(0.2, 24), Before with { Bytes = 0 })));

    [Fact]
    public void Verdict_OfWhatIsNotInTheFile_IsNotWorse() => Assert.False(Verdict.IsWorse(Verdict.Of(Before, null)));
}
