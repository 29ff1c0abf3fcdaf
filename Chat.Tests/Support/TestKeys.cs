using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Chat.Tests.Support;

/// <summary>RSA keys by number, each made once: that takes a third of a second of a processor, and there are a hundred tests that need one, whichever.</summary>
internal static class TestKeys
{
    private const int Bits = 2048;

    private static readonly ConcurrentDictionary<int, Lazy<RSAParameters>> Made = new();

    /// <summary>The key with this number, for the caller alone to use.</summary>
    public static RSA Get(int number) => RSA.Create(Made.GetOrAdd(number, static _ => new Lazy<RSAParameters>(Make)).Value);

    private static RSAParameters Make()
    {
        using var key = RSA.Create(Bits);
        return key.ExportParameters(includePrivateParameters: true);
    }
}
