using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.AppHost.Offline;

public class AppHostAuthTests
{
    [Fact]
    public async Task AuthSettings_GivenToTheAppHost_AreTheNodes()
    {
        await using var host = new AppHostProcess("--EdgePort=0", "--Replicas=1", $"--Auth:SecurityKey={TestToken.Key}", "--Auth:RequireToken=true", "--Auth:TokenEndpoint=false");
        var edge = await host.ReadyAsync();
        using var http = new HttpClient { BaseAddress = edge };

        using var token = await http.GetAsync("api/auth/token?nick=anna");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(edge, "/chat/user/anna"));
        await using var client = await ChatClient.ConnectAsync(edge, "/chat/user/anna", TestToken.For("anna"));

        Assert.Equal((404, 401), ((int)token.StatusCode, refused.Status));
        Assert.DoesNotContain(TestToken.Key, host.Output, StringComparison.Ordinal);
    }
}
