using System.Text;
using Chat.Api.Memberships;
using Xunit;

namespace Chat.Tests.Memberships;

/// <summary>Which texts a node accepts as an order to tell a user's devices of a leave.</summary>
public sealed class GroupMirrorsTests
{
    [Theory]
    [InlineData("anna\nchess\n17", 17)]
    [InlineData("a:b {c}\nd:e %2f\n0", 0)]
    [InlineData("anna\nchess", long.MaxValue)] // from a node that does not say which joins it ends
    public void Order_SaysWhoLeavesWhat(string order, long generation)
    {
        var read = GroupMirrors.Parse(Encoding.UTF8.GetBytes(order));

        Assert.StartsWith($"{read?.UserId}\n{read?.Group}", order, StringComparison.Ordinal);
        Assert.Equal(generation, read?.Generation);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("anna")]
    [InlineData("anna\n")]
    [InlineData("\nchess")]
    [InlineData("anna\nchess\nmore")]
    [InlineData("anna\nchess\n-1")]
    [InlineData("anna\nchess\n1\nmore")]
    public void Rubbish_IsNoOrder(string order) => Assert.Null(GroupMirrors.Parse(Encoding.UTF8.GetBytes(order)));
}
