using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Chat.Api.Webhooks;

/// <summary>Signs the requests that a node makes to a backend, as Standard Webhooks 1.0.0 (standardwebhooks.com) defines it. Receivers find libraries
/// for that in most languages.</summary>
/// <remarks>The signature is HMAC-SHA256 over <c>id.timestamp.body</c>. When a request is made again, the id stays the same, and the timestamp, in
/// Unix seconds, changes. With several secrets there are several signatures, and any of them will do, so that a secret can be replaced without a
/// gap.</remarks>
internal sealed class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>The rule for a setting that holds secrets. In an error it follows the setting's name.</summary>
    public const string Rule = "must be whsec_ and the base64 of 24 to 64 bytes, or several such, with spaces between. For example the output of: echo whsec_$(openssl rand -base64 32)";

    private const string Prefix = "whsec_";

    private readonly byte[][] _secrets;

    private WebhookSignature(byte[][] secrets) => _secrets = secrets;

    /// <summary>Returns false if the text breaks the <see cref="Rule"/>.</summary>
    public static bool TryParse(string? secrets, [NotNullWhen(true)] out WebhookSignature? signature)
    {
        var words = secrets?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        byte[]?[] parsed = [.. words.Select(ParseOne)];
        signature = parsed.Length > 0 && !parsed.Contains(null) ? new WebhookSignature(parsed!) : null;
        return signature is not null;
    }

    /// <summary>Puts id, time and signature into a request's headers.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">Our id, never a client's: with a dot in it, part of it could pass as the timestamp.</param>
    /// <param name="now">When this attempt is made.</param>
    /// <param name="body">Exactly what is sent.</param>
    public void Sign(HttpRequestMessage request, string id, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var timestamp = now.ToUnixTimeSeconds();
        request.Headers.Add(IdHeader, id);
        request.Headers.Add(TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(SignatureHeader, Of(id, timestamp, body));
    }

    /// <summary>The value of the header: <c>v1,</c> and base64, once for each secret.</summary>
    public string Of(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', _secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, signed))));
    }

    private static byte[]? ParseOne(string text)
    {
        var bytes = new byte[64];
        return text.StartsWith(Prefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var count) && count >= 24
            ? bytes[..count]
            : null;
    }
}
