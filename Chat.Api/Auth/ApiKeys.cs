using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Security.Cryptography;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

/// <summary>The keys of backends.</summary>
internal sealed class ApiKeys(IOptions<ApiKeyOptions> options)
{
    public const int LeastChars = 32;
    public const int MostChars = 512;
    public const string Scheme = "ApiKey";

    private readonly Key[] _keys = [.. options.Value.Keys.Select(static key => new Key(key.Secret!, ServiceOf(key.Name!)))];

    /// <summary>The caller that makes this request, by its key; null if it has no valid key.</summary>
    public ClaimsPrincipal? Find(HttpRequest request) =>
        request.Headers.TryGetValue(ServiceScheme.Header, out var given) && given is [{ } secret] ? Find(secret) : null;

    /// <summary>The owner of this secret; null if there is none.</summary>
    /// <remarks>Compares with all keys, each over the length of the given secret. So the time it takes says nothing about any key, nor which key it
    /// was. Hashes would do as well, but took a twelfth of a call's work on its thread (bench/README.md).</remarks>
    public ClaimsPrincipal? Find(string secret)
    {
        if (secret.Length > MostChars)
        {
            return null;
        }

        ClaimsPrincipal? found = null;
        foreach (var key in _keys)
        {
            if (key.Is(secret))
            {
                found = key.Service;
            }
        }

        return found;
    }

    private static ClaimsPrincipal ServiceOf(string name) => new(new ClaimsIdentity(
        [new("name", ChatId.TryParse(name, out var id) ? id : name), new("role", ServiceAccess.Role)], Scheme, "name", "role"));

    private sealed class Key
    {
        private readonly char[] _secret = new char[MostChars]; // followed by zeros, since all have to be equally long
        private readonly int _length;

        public Key(string secret, ClaimsPrincipal service)
        {
            secret.CopyTo(_secret);
            (_length, Service) = (secret.Length, service);
        }

        public ClaimsPrincipal Service { get; }

        public bool Is(string given) =>
            CryptographicOperations.FixedTimeEquals(Bytes(given), Bytes(_secret.AsSpan(0, given.Length))) & given.Length == _length;

        private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<char> chars) => MemoryMarshal.AsBytes(chars);
    }
}
