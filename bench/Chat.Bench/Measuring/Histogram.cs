using System.Numerics;

namespace Chat.Bench.Measuring;

/// <summary>Counts how often each value occurs. Buckets grow with their values, so that every value from one upward is known with a relative error of
/// at most <see cref="Error"/>. Recording a value only increments one number.</summary>
internal sealed class Histogram
{
    public const double Error = 1.0 / PerOctave;

    private const int Bits = 7;
    private const int PerOctave = 1 << Bits; // buckets between a power of two and the next

    private readonly long[] _counts = new long[(64 - Bits) << Bits];

    public long Count { get; private set; }

    public long Max { get; private set; }

    public void Record(long value)
    {
        value = Math.Max(value, 0);
        _counts[IndexOf((ulong)value)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    public void Add(Histogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The value that this share of all values do not exceed; 0 if there are none.</summary>
    public long Percentile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        for (var i = 0; i < _counts.Length; i++)
        {
            wanted -= _counts[i];
            if (wanted <= 0)
            {
                return Math.Min(LargestAt(i), Max);
            }
        }

        return Max;
    }

    // Values below two octaves of buckets have one each.
    private static int IndexOf(ulong value)
    {
        var shift = Math.Max(0, BitOperations.Log2(value) - Bits);
        return (shift << Bits) + (int)(value >> shift);
    }

    private static long LargestAt(int index)
    {
        var shift = Math.Max(0, (index >> Bits) - 1);
        var first = (long)(index - (shift << Bits)) << shift;
        return first + (1L << shift) - 1;
    }
}
