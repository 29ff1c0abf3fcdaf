using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Chat.Tests.Support;

/// <summary>RSA keys by number, each created once: creating one takes a third of a second of processor time, and a hundred tests need some key.</summary>
internal static class TestKeys
{
    private const int Bits = 2048;

    private static readonly ConcurrentDictionary<int, Lazy<RSAParameters>> Made = new();

    /// <summary>The key with this number, in an instance for the caller alone.</summary>
    public static RSA Get(int number) => RSA.Create(Made.GetOrAdd(number, static _ => new Lazy<RSAParameters>(Make)).Value);

    private static RSAParameters Make()
    {
        using var key = RSA.Create(Bits);
        return key.ExportParameters(includePrivateParameters: true);
    }
}
