using Chat.Bench.Measuring;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Bench;

public sealed class HistogramTests
{
    private static readonly double[] Shares = [0, 0.001, 0.5, 0.9, 0.99, 0.999, 1];

    [Fact]
    public void Percentile_OfAnyValues_IsWithinTheError() => Fuzz.Run(100, random =>
    {
        // Small and large values are equally frequent, since latencies range from microseconds to minutes.
        var values = Enumerable.Range(0, random.Next(1, 500)).Select(_ => random.NextInt64(1L << random.Next(1, 63))).ToArray();
        var histogram = Of(values);

        Array.Sort(values);
        Assert.All(Shares, share =>
        {
            var exact = values[Math.Max(1, (int)Math.Ceiling(share * values.Length)) - 1];
            Assert.InRange(histogram.Percentile(share), exact, exact * (1 + Histogram.Error));
        });
        Assert.Equal((values.Length, values[^1]), (histogram.Count, histogram.Max));
    });

    [Fact]
    public void Histogram_ToWhichOthersAreAdded_IsAsIfAllHadBeenRecordedThere() => Fuzz.Run(20, random =>
    {
        var values = Enumerable.Range(0, 300).Select(_ => random.NextInt64(1 << 20)).ToArray();
        var sum = new Histogram();
        sum.Add(Of(values[..100]));
        sum.Add(Of(values[100..]));

        var whole = Of(values);
        Assert.All(Shares, share => Assert.Equal(whole.Percentile(share), sum.Percentile(share)));
    });

    [Fact]
    public void Histogram_OfNothing_IsZero() => Assert.Equal((0, 0, 0), (new Histogram().Count, new Histogram().Max, new Histogram().Percentile(0.5)));

    [Fact]
    public void Value_BelowZero_CountsAsZero() => Assert.Equal(0, Of(-5).Percentile(1));

    private static Histogram Of(params long[] values)
    {
        var histogram = new Histogram();
        Array.ForEach(values, histogram.Record);
        return histogram;
    }
}
