using System.Text;
using Chat.Bench.Measuring;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Bench;

public sealed class MarkerTests
{
    [Fact]
    public void Marker_InAnyText_IsFound_EachOne() => Fuzz.Run(300, random =>
    {
        Marker[] markers = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new Marker(Any(random), Any(random), Any(random), Any(random)))];
        var text = new List<byte>(Noise(random));
        foreach (var marker in markers)
        {
            var written = new byte[Marker.Length];
            marker.Write(written);
            text.AddRange(written);
            text.AddRange(Noise(random));
        }

        var found = new List<Marker>();
        ReadOnlySpan<byte> rest = text.ToArray();
        while (Marker.TryTake(ref rest, out var marker))
        {
            found.Add(marker);
        }

        Assert.Equal(markers, found);
    });

    [Fact]
    public void Marker_InJson_IsAsItIs()
    {
        var marker = new byte[Marker.Length];
        new Marker(uint.MaxValue, 0, 0x12345678, 0x9ABCDEF0).Write(marker);
        var text = Encoding.ASCII.GetString(marker);

        Assert.Equal($"\"{text}\"", System.Text.Json.JsonSerializer.Serialize(text));
    }

    private static uint Any(Random random) => random.Next(3) == 0 ? uint.MaxValue : (uint)random.NextInt64(uint.MaxValue);

    // Contains the letter that begins a marker, with too few letters behind it.
    private static byte[] Noise(Random random) => Encoding.ASCII.GetBytes("{\"msg\": ~x~~abc }"[..random.Next(17)]);
}
