using Chat.Api.Hubs;
using Xunit;

namespace Chat.Tests.Hubs;

public sealed class HubRecordsTests
{
    private static readonly byte[] Handshake = [.. "{}"u8, 0x1e];

    [Fact]
    public void Records_BehindTheirLength_AreCountedOnce_HoweverTheyArePutIntoPieces()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var count = random.Next(1, 20);
            byte[] bytes = [.. Handshake, .. Enumerable.Range(0, count).SelectMany(_ => Record(random.Next(3) switch { 0 => 0, 1 => random.Next(1, 128), _ => random.Next(128, 20_000) }))];
            var records = HubRecords.Prefixed();
            var counted = 0;
            for (var start = 0; start < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - start, random.Next(1, 5_000));
                counted += records.In(bytes.AsSpan(start, length));
                start += length;
            }

            Assert.Equal(1 + count, counted);
        }
    }

    [Fact]
    public void Record_OfALengthThatNeverEnds_CountsAgainAndAgain()
    {
        var records = HubRecords.Prefixed();
        records.In(Handshake);

        Assert.InRange(records.In(Enumerable.Repeat((byte)0x80, 1000).ToArray()), 2, 1000);
    }

    [Fact]
    public void Records_ThatEndWithTheSeparator_AreCountedAtTheirEnds()
    {
        var records = HubRecords.Separated();

        Assert.Equal([1, 0, 2], [records.In(Handshake), records.In("{\"type\":"u8), records.In("6}\u001e{}\u001e"u8)]);
    }

    private static byte[] Record(int length)
    {
        var prefix = new List<byte>();
        var rest = length;
        do
        {
            prefix.Add((byte)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);
        return [.. prefix, .. Enumerable.Repeat((byte)0x1e, length)];
    }
}
