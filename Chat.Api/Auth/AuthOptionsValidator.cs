using System.Text;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

internal sealed class AuthOptionsValidator(IHostEnvironment environment) : IValidateOptions<AuthOptions>
{
    private const int KeyBytes = 32; // RFC 7518, section 3.2: no shorter than the hash

    private static readonly string[] OtherClaims = ["iss", "aud", "exp", "nbf", "iat", "jti"];

    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        string[] errors = [.. KeyErrors(options), .. AuthorityErrors(options), .. LimitErrors(options)];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private IEnumerable<string> KeyErrors(AuthOptions options)
    {
        foreach (var (name, key) in new[] { (nameof(options.SecurityKey), options.SecurityKey), (nameof(options.OtherSecurityKey), options.OtherSecurityKey) })
        {
            if (key is not null && Encoding.UTF8.GetByteCount(key) is var bytes and < KeyBytes)
            {
                yield return $"{AuthOptions.Section}:{name} must have {KeyBytes} bytes or more; it has {bytes}. For example the output of: openssl rand -base64 32";
            }
        }

        if (options.OtherSecurityKey is not null && options.SecurityKey is null)
        {
            yield return $"{AuthOptions.Section}:OtherSecurityKey needs {AuthOptions.Section}:SecurityKey, beside which its tokens are taken.";
        }

        if (environment.IsDevelopment() || options.SecurityKey is not null)
        {
            yield break; // Development has a random key
        }

        if (options.Authority is null)
        {
            yield return $"Outside Development, set {AuthOptions.Section}:SecurityKey (a secret of {KeyBytes} bytes or more, the same for all nodes), "
                + $"{AuthOptions.Section}:Authority (an OpenID Connect issuer), or both.";
        }

        if (options.TokenEndpoint is true)
        {
            yield return $"{AuthOptions.Section}:TokenEndpoint needs {AuthOptions.Section}:SecurityKey, to sign its tokens with.";
        }
    }

    private IEnumerable<string> AuthorityErrors(AuthOptions options)
    {
        if (options.Authority is not { } authority)
        {
            yield break;
        }

        var isUrl = Uri.TryCreate(authority, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url is { Query: "", Fragment: "" };
        if (!isUrl)
        {
            yield return $"{AuthOptions.Section}:Authority must be an absolute https URL; it is '{authority}'.";
        }
        else if (url!.Scheme == "http" && !environment.IsDevelopment())
        {
            yield return $"{AuthOptions.Section}:Authority must be https outside Development; it is '{authority}'.";
        }

        if (options.Audience is null)
        {
            yield return $"{AuthOptions.Section}:Authority needs {AuthOptions.Section}:Audience: without, the issuer's tokens for other services would be taken.";
        }
    }

    private static IEnumerable<string> LimitErrors(AuthOptions options)
    {
        if (options.UserClaim is { } claim && (string.IsNullOrWhiteSpace(claim) || OtherClaims.Contains(claim)))
        {
            yield return $"{AuthOptions.Section}:UserClaim must be the claim with the user's id, such as name or sub; it is '{options.UserClaim}'.";
        }

        if (options.ExpiresIn is < 1 or > 525_600)
        {
            yield return $"{AuthOptions.Section}:ExpiresIn must be 1 to 525600 minutes; it is {options.ExpiresIn}.";
        }

        if (options.TokenBytes is < 256 or > 30_000)
        {
            yield return $"{AuthOptions.Section}:TokenBytes must be 256 to 30000; it is {options.TokenBytes}.";
        }

        if (options.ClockSkew < TimeSpan.Zero || options.ClockSkew > TimeSpan.FromMinutes(5))
        {
            yield return $"{AuthOptions.Section}:ClockSkew must be 00:00:00 to 00:05:00; it is {options.ClockSkew}.";
        }

        if (options.KeyAge < TimeSpan.FromMinutes(5) || options.KeyAge > TimeSpan.FromDays(7))
        {
            yield return $"{AuthOptions.Section}:KeyAge must be 00:05:00 to 7.00:00:00; it is {options.KeyAge}.";
        }

        if (options.RefreshInterval < TimeSpan.FromSeconds(1) || options.RefreshInterval > TimeSpan.FromHours(1))
        {
            yield return $"{AuthOptions.Section}:RefreshInterval must be 00:00:01 to 01:00:00; it is {options.RefreshInterval}.";
        }
    }
}
