using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

/// <summary>Fills in the defaults that depend on the environment. An empty setting counts as missing.</summary>
internal sealed class AuthDefaults(IHostEnvironment environment) : IPostConfigureOptions<AuthOptions>
{
    public void PostConfigure(string? name, AuthOptions options)
    {
        options.SecurityKey = NullIfEmpty(options.SecurityKey);
        options.OtherSecurityKey = NullIfEmpty(options.OtherSecurityKey);
        options.Authority = NullIfEmpty(options.Authority);
        options.Audience = NullIfEmpty(options.Audience);
        options.Issuer = NullIfEmpty(options.Issuer);
        options.UserClaim = NullIfEmpty(options.UserClaim);
        options.RequireToken ??= !environment.IsDevelopment();
        options.TokenEndpoint ??= environment.IsDevelopment();
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
