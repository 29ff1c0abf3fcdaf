using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

/// <summary>The keys of backends.</summary>
internal sealed class ApiKeys(IOptions<ApiKeyOptions> options)
{
    public const int LeastChars = 32;
    public const int MostChars = 512;
    public const string Scheme = "ApiKey";

    private readonly (byte[] Hash, ClaimsPrincipal Service)[] _keys =
        [.. options.Value.Keys.Select(static key => (SHA256.HashData(Encoding.UTF8.GetBytes(key.Secret!)), ServiceOf(key.Name!)))];

    /// <summary>Who makes this request; null: nobody, or somebody without a key.</summary>
    public ClaimsPrincipal? Find(HttpRequest request) =>
        request.Headers.TryGetValue(ServiceScheme.Header, out var given) && given is [{ } secret] ? Find(secret) : null;

    /// <summary>Who comes with this secret; null: nobody.</summary>
    /// <remarks>Compares hashes, all of them to the end: how long it takes says nothing about any key, nor which of them it was.</remarks>
    public ClaimsPrincipal? Find(string secret)
    {
        if (secret.Length > MostChars)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        ClaimsPrincipal? found = null;
        foreach (var (known, service) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known))
            {
                found = service;
            }
        }

        return found;
    }

    private static ClaimsPrincipal ServiceOf(string name) => new(new ClaimsIdentity(
        [new("name", ChatId.TryParse(name, out var id) ? id : name), new("role", ServiceAccess.Role)], Scheme, "name", "role"));
}
