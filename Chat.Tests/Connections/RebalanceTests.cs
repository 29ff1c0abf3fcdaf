using Chat.Api.Connections;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class RebalanceTests
{
    [Theory]
    [InlineData(300, new[] { 0, 0 }, 190)] // a share is 100, and up to 110 stay
    [InlineData(110, new[] { 100, 90 }, 0)]
    [InlineData(120, new[] { 90, 90 }, 10)]
    [InlineData(100, new[] { 300, 0 }, 0)] // the other node has too many, not this one
    [InlineData(6, new[] { 0, 0 }, 0)] // not worth a reconnect
    [InlineData(500, new int[0], 0)] // there is no other node
    [InlineData(0, new[] { 0 }, 0)]
    public void Surplus_IsWhatIsBeyondTheShare(int own, int[] others, int expected) => Assert.Equal(expected, Rebalance.SurplusOf(own, others));
}
