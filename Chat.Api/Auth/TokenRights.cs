using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Text.Json;
using Chat.Api.Messages;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>The claim <c>chat</c> of a token: an object whose names are patterns of topics, and whose values are the rights in these topics,
/// <c>{"group:team-*":["join","post"],"group:news":["join"]}</c>.</summary>
internal sealed class TokenRights
{
    public const string Claim = "chat";

    private readonly (TopicPattern Pattern, Rights Rights)[] _patterns;

    private TokenRights((TopicPattern, Rights)[] patterns) => _patterns = patterns;

    /// <summary>What the token says about a topic; null if it says nothing.</summary>
    /// <remarks>Of several patterns that are equally specific, only what all of them allow counts.</remarks>
    public Rights? Of(string topic) =>
        TopicPattern.MostSpecific(_patterns, topic) is { Count: > 0 } found ? found.Aggregate((all, one) => all & one) : null;

    /// <summary>The claim of a checked token, or null if it has none.</summary>
    public static TokenRights? Of(ClaimsPrincipal user) =>
        user.FindFirst(Claim) is { } claim && TryParse(claim.Value, out var rights) ? rights : null;

    public static bool TryParse(string json, [NotNullWhen(true)] out TokenRights? rights)
    {
        rights = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 2 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            var patterns = new List<(TopicPattern, Rights)>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!TopicPattern.TryParse(property.Name, out var pattern) || !TryParse(property.Value, out var granted))
                {
                    return false;
                }

                patterns.Add((pattern, granted));
            }

            rights = new TokenRights([.. patterns]);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // no JSON, or JSON with text that is no Unicode
        }
    }

    /// <summary>Whether a token has a valid claim of this name, or none.</summary>
    /// <param name="claims">The token's claims. In them, an object cannot be told from the same object in quotes or in an array. An array becomes one
    /// claim per entry, so an empty one becomes no claim, and would allow everything.</param>
    /// <param name="token">The token itself.</param>
    public static bool AreValid(ClaimsIdentity claims, SecurityToken token)
    {
        var found = claims.FindAll(Claim).ToList();
        return token is JsonWebToken jwt && jwt.TryGetPayloadValue<object>(Claim, out var value)
            ? value is JsonElement { ValueKind: JsonValueKind.Object } && found is [var claim] && TryParse(claim.Value, out _)
            : found.Count == 0;
    }

    private static bool TryParse(JsonElement names, out Rights rights)
    {
        rights = Rights.None;
        if (names.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var name in names.EnumerateArray())
        {
            if (name.ValueKind != JsonValueKind.String || !RightNames.TryParse(name.GetString(), out var right) || right == Rights.Connect)
            {
                return false;
            }

            rights |= right;
        }

        return true;
    }
}
