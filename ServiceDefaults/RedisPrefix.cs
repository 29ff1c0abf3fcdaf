using System.Buffers;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults;

/// <summary>Key <c>Chat:Redis:Prefix</c>: what stands before every key and channel, so that several clusters can share a Redis.</summary>
/// <value>Up to 64 letters, digits and <c>_ . : -</c>. Default: none, as the nodes of the first seed expect.</value>
public static class RedisPrefix
{
    /// <summary>Its name.</summary>
    public const string Key = "Chat:Redis:Prefix";

    // No braces: those in the keys behind it mark the part that decides on the cluster slot.
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    /// <exception cref="SettingException">It has a character that it may not have, or too many.</exception>
    public static string Read(IConfiguration configuration)
    {
        var prefix = configuration[Key] ?? "";
        return prefix.Length <= 64 && !prefix.AsSpan().ContainsAnyExcept(Allowed)
            ? prefix
            : throw new SettingException($"{Key}={prefix}: it may have up to 64 letters, digits and _ . : -");
    }
}
