using Edge.Proxy.Relay;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>Where a frame ends, in whatever pieces its bytes arrive.</summary>
public sealed class FrameEndsTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(125, false)]
    [InlineData(126, false)]
    [InlineData(65_535, false)]
    [InlineData(65_536, false)]
    [InlineData(3, true)]
    public void Stream_IsBetweenFrames_AfterEachOfThemAndNeverWithin(int payload, bool isMasked)
    {
        byte[] frame = [0x82, .. Length(payload, isMasked), .. new byte[(isMasked ? 4 : 0) + payload]];
        var byByte = new FrameEnds();
        var atOnce = new FrameEnds();

        for (var i = 0; i < 2 * frame.Length; i++)
        {
            Assert.Equal(i % frame.Length == 0, byByte.IsBetweenFrames);
            byByte.Pass(frame.AsSpan(i % frame.Length, 1));
        }

        Assert.True(byByte.IsBetweenFrames);
        atOnce.Pass([.. frame, .. frame]);
        Assert.True(atOnce.IsBetweenFrames);
        atOnce.Pass([.. frame, .. frame.AsSpan(0, 1)]);
        Assert.False(atOnce.IsBetweenFrames);
    }

    private static byte[] Length(int payload, bool isMasked)
    {
        var mask = isMasked ? 0x80 : 0;
        return payload switch
        {
            < 126 => [(byte)(mask | payload)],
            < 65_536 => [(byte)(mask | 126), (byte)(payload >> 8), (byte)payload],
            _ => [(byte)(mask | 127), 0, 0, 0, 0, (byte)(payload >> 24), (byte)(payload >> 16), (byte)(payload >> 8), (byte)payload],
        };
    }
}
