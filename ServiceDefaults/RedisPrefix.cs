using System.Buffers;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults;

/// <summary>Key <c>Chat:Redis:Prefix</c>: the prefix of every key and channel, so that several clusters can share a Redis.</summary>
/// <value>Up to 64 letters, digits and <c>_ . : -</c>. Default: none, as the nodes of the first seed expect.</value>
public static class RedisPrefix
{
    /// <summary>The name of the setting.</summary>
    public const string Key = "Chat:Redis:Prefix";

    // Braces are not allowed: the braces in the keys mark the part that determines the cluster slot.
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    /// <exception cref="SettingException">The prefix is too long, or has a character that is not allowed.</exception>
    public static string Read(IConfiguration configuration)
    {
        var prefix = configuration[Key] ?? "";
        return prefix.Length <= 64 && !prefix.AsSpan().ContainsAnyExcept(Allowed)
            ? prefix
            : throw new SettingException($"{Key}={prefix}: it may have up to 64 letters, digits and _ . : -");
    }
}
