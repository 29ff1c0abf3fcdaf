using System.Net;
using System.Security.Claims;
using Chat.Api.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>The answers of an endpoint that requires a user, as the hub does.</summary>
public sealed class BearerSchemeTests : IAsyncLifetime
{
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection([new("Auth:SecurityKey", TestToken.Key)]);
        builder.AddAuth();
        _app = builder.Build();
        _app.UseAuth();
        _app.MapGet("/who", (ClaimsPrincipal user) => ChatUser.IdOf(user)).RequireAuthorization();
        _app.MapGet("/what", (ClaimsPrincipal user) => ChatUser.IdOf(user) ?? "nobody");
        _app.MapGet("/admin", () => "no").RequireAuthorization(policy => policy.RequireClaim("admin"));
        await _app.StartAsync();
        _http = NewClient(_app.Urls.Single());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("Bearer ")]
    [InlineData("bearer ")]
    [InlineData("BEARER   ")]
    public async Task Token_ThatIsValid_NamesTheUser(string scheme) =>
        Assert.Equal((HttpStatusCode.OK, "anna", ""), await AskAsync("who", scheme + TestToken.For("anna")));

    [Theory]
    [InlineData(null)]
    [InlineData("Basic YW5uYTphbm5h")]
    [InlineData("Bearertoken")]
    public async Task Request_WithoutAToken_IsToldThatOneIsNeeded_AndNotThatOneIsWrong(string? header)
    {
        Assert.Equal((HttpStatusCode.Unauthorized, TokenError.NoToken + "\n", "Bearer"), await AskAsync("who", header));
        Assert.Equal((HttpStatusCode.OK, "nobody", ""), await AskAsync("what", header));
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer rubbish")]
    public async Task Request_WithABadToken_IsToldWhatIsWrong_WhereOneIsNeeded(string header)
    {
        const string Challenge = "Bearer error=\"invalid_token\", error_description=\"This is not a JSON Web Token.\"";
        Assert.Equal((HttpStatusCode.Unauthorized, "This is not a JSON Web Token.\n", Challenge), await AskAsync("who", header));
        Assert.Equal((HttpStatusCode.OK, "nobody", ""), await AskAsync("what", header));
    }

    [Fact]
    public async Task Request_WithTwoTokens_IsRefused()
    {
        var (status, _, _) = await AskAsync("who", "Bearer " + TestToken.For("anna"), "Bearer " + TestToken.For("ben"));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task User_WhoMayNot_IsForbidden() =>
        Assert.Equal((HttpStatusCode.Forbidden, "The token's user may not do this.\n", ""), await AskAsync("admin", "Bearer " + TestToken.For("anna")));

    private static HttpClient NewClient(string address) => new() { BaseAddress = new Uri(address) };

    private async Task<(HttpStatusCode Status, string Body, string Challenge)> AskAsync(string path, params string?[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var header in headers.Where(header => header is not null))
        {
            request.Headers.TryAddWithoutValidation("Authorization", header);
        }

        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.WwwAuthenticate.ToString());
    }
}
