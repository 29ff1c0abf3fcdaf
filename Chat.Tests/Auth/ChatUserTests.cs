using System.Security.Claims;
using Chat.Api.Auth;
using Xunit;

namespace Chat.Tests.Auth;

public sealed class ChatUserTests
{
    [Fact]
    public void NameOf_IsTheSameUser_AndNothingElseThatTheTokenSays()
    {
        var token = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "anna"), new Claim("role", "admin"), new Claim("exp", "1")], "Bearer", "sub", "role"));

        var name = ChatUser.NameOf(token);

        Assert.Equal("anna", ChatUser.IdOf(name));
        Assert.True(name.Identity!.IsAuthenticated);
        Assert.Single(name.Claims);
    }

    [Fact]
    public void NameOf_NobodyInParticular_StaysSo() => Assert.Null(ChatUser.IdOf(ChatUser.NameOf(new ClaimsPrincipal(new ClaimsIdentity()))));
}
