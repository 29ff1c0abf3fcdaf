using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

/// <summary>Recognizes backends: by a key in the header <c>X-Api-Key</c>, or else by their token.</summary>
/// <remarks>A caller that sends a key means the key. So if the key is not accepted, the caller is told so, even if a good token comes with it. A
/// refusal does not say what is wrong with a key. It is a problem of RFC 9457, like every refusal that a backend gets.</remarks>
internal sealed class ServiceScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "Service";
    public const string Header = "X-Api-Key";

    private static readonly AuthenticateResult NotAccepted = AuthenticateResult.Fail("The API key is not accepted.");

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        !Request.Headers.ContainsKey(Header) ? Context.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme)
            : Task.FromResult(keys.Find(Request) is { } service ? AuthenticateResult.Success(new AuthenticationTicket(service, Name)) : NotAccepted);

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = BearerAnswers.Challenge(result == NotAccepted ? null : result.Failure);
        await AnswerAsync(StatusCodes.Status401Unauthorized, "unauthorized",
            result.Failure?.Message ?? $"A key is needed, {Header}: {{key}}, or a token with the role {ServiceAccess.Role}, Authorization: Bearer {{token}}.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        AnswerAsync(StatusCodes.Status403Forbidden, "forbidden", $"This needs a token with the role {ServiceAccess.Role}.");

    private Task AnswerAsync(int status, string code, string detail) =>
        TypedResults.Problem(detail, statusCode: status, extensions: [new("code", code)]).ExecuteAsync(Context);
}
