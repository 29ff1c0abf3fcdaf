using System.Text;
using Chat.Api.Memberships;
using Xunit;

namespace Chat.Tests.Memberships;

/// <summary>What a node takes for the order to tell a user's devices of a leave.</summary>
public sealed class GroupMirrorsTests
{
    [Theory]
    [InlineData("anna\nchess")]
    [InlineData("a:b {c}\nd:e %2f")]
    public void Order_SaysWhoLeavesWhat(string order)
    {
        var read = GroupMirrors.Parse(Encoding.UTF8.GetBytes(order));

        Assert.Equal(order, $"{read?.UserId}\n{read?.Group}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("anna")]
    [InlineData("anna\n")]
    [InlineData("\nchess")]
    [InlineData("anna\nchess\nmore")]
    public void Rubbish_IsNoOrder(string order) => Assert.Null(GroupMirrors.Parse(Encoding.UTF8.GetBytes(order)));
}
