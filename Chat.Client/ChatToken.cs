using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chat.Client;

/// <summary>The rights that a token can grant in a topic (docs/ACCESS.md).</summary>
[Flags]
public enum ChatRights
{
    /// <summary>No right.</summary>
    None = 0,

    /// <summary>To be in the topic, and get its messages.</summary>
    Join = 1,

    /// <summary>To write to it.</summary>
    Post = 2,

    /// <summary>To see who is in it.</summary>
    Presence = 4,

    /// <summary>To read earlier messages.</summary>
    History = 8,

    /// <summary>All rights.</summary>
    All = Join | Post | Presence | History,
}

/// <summary>Creates tokens, signed with HS256 (RFC 7515) and the key that the nodes know as <c>Auth:SecurityKey</c>.</summary>
/// <remarks>For backends, which know who their users are. Anybody with the key can pose as any user, so the key has no place in a client.</remarks>
public static class ChatToken
{
    private const int ShortestKey = 32; // bytes, as the nodes require

    private static readonly (ChatRights Right, string Name)[] Names =
        [(ChatRights.Join, "join"), (ChatRights.Post, "post"), (ChatRights.Presence, "presence"), (ChatRights.History, "history")];

    /// <summary>Creates a token.</summary>
    /// <param name="securityKey">The nodes' key: 32 bytes of UTF-8 or more.</param>
    /// <param name="user">The user whose token it is: 1 to 128 bytes of printable text.</param>
    /// <param name="lifetime">How long the token is valid.</param>
    /// <param name="rights">What the user may do, by patterns of topics: <c>group:team-*</c>, <c>user:*</c>, <c>all</c>, <c>*</c>. Null: the nodes
    /// decide without the token.</param>
    /// <param name="roles">The user's roles; <c>service</c> opens the server API.</param>
    /// <param name="time">The clock; null for the system clock.</param>
    /// <exception cref="ArgumentException">The key is too short, or the user is empty.</exception>
    public static string Make(
        string securityKey, string user, TimeSpan lifetime, IReadOnlyDictionary<string, ChatRights>? rights = null, IReadOnlyCollection<string>? roles = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(securityKey);
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        var key = Encoding.UTF8.GetBytes(securityKey);
        if (key.Length < ShortestKey)
        {
            throw new ArgumentException($"The key must have {ShortestKey} bytes or more, and has {key.Length}.", nameof(securityKey));
        }

        var signed = $"{Encode("""{"alg":"HS256","typ":"JWT"}"""u8)}.{Encode(Claims(user, (time ?? TimeProvider.System).GetUtcNow() + lifetime, rights, roles).WrittenSpan)}";
        return $"{signed}.{Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static ArrayBufferWriter<byte> Claims(
        string user, DateTimeOffset end, IReadOnlyDictionary<string, ChatRights>? rights, IReadOnlyCollection<string>? roles)
    {
        var claims = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(claims);
        writer.WriteStartObject();
        writer.WriteString("name", user);
        writer.WriteNumber("exp", end.ToUnixTimeSeconds());
        if (roles is { Count: > 0 })
        {
            writer.WriteStartArray("roles");
            foreach (var role in roles)
            {
                writer.WriteStringValue(role);
            }

            writer.WriteEndArray();
        }

        if (rights is not null)
        {
            writer.WriteStartObject("chat");
            foreach (var (pattern, granted) in rights)
            {
                writer.WriteStartArray(pattern);
                foreach (var (right, name) in Names)
                {
                    if ((granted & right) != 0)
                    {
                        writer.WriteStringValue(name);
                    }
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        return claims;
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
