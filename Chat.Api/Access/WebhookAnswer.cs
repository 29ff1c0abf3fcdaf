using System.Text.Json;
using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>The webhook's answer to a question.</summary>
/// <param name="Rights">What it allows; null: it leaves that to the settings.</param>
/// <param name="Age">How long the answer counts.</param>
internal sealed record WebhookAnswer(Rights? Rights, TimeSpan Age)
{
    public const int MaxBytes = 16 * 1024;

    /// <summary>The age of answers that do not state one.</summary>
    public static readonly TimeSpan UsualAge = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ShortestAge = TimeSpan.FromSeconds(1);

    /// <summary>What the status 403 stands for: <c>{"allow":[]}</c>.</summary>
    public static WebhookAnswer Forbidden(TimeSpan longestAge) => new(Messages.Rights.None, UsualAge > longestAge ? longestAge : UsualAge);

    /// <summary>Reads <c>{"allow":["join","post"],"maxAge":60}</c>. Returns null if it is no valid answer.</summary>
    /// <remarks>Unknown rights are not granted, and otherwise ignored: a newer backend may name more. The case of property names does not matter,
    /// because an unread <c>Allow</c> would leave the topic to the settings, which may be open.</remarks>
    public static WebhookAnswer? Parse(byte[] utf8, TimeSpan longestAge)
    {
        try
        {
            using var json = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object || !TryFind(json.RootElement, "allow", out var allow) || !TryFind(json.RootElement, "maxAge", out var maxAge)
                || !TryRights(allow, out var rights) || !TryAge(maxAge, out var age))
            {
                return null;
            }

            return new WebhookAnswer(rights, age < ShortestAge ? ShortestAge : age > longestAge ? longestAge : age);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or JSON with text that is no Unicode
        }
    }

    // Returns false if the property occurs more than once. The value is null if the property is missing or null.
    private static bool TryFind(JsonElement answer, string name, out JsonElement? value)
    {
        var found = answer.EnumerateObject().Where(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        value = found is [{ Value.ValueKind: not JsonValueKind.Null } one] ? one.Value : null;
        return found.Count <= 1;
    }

    private static bool TryRights(JsonElement? value, out Rights? rights)
    {
        rights = null;
        if (value is not { } allow)
        {
            return true;
        }

        if (allow.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var granted = Messages.Rights.None;
        foreach (var name in allow.EnumerateArray())
        {
            if (name.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            granted |= RightNames.TryParse(name.GetString(), out var right) ? right : Messages.Rights.None;
        }

        rights = granted;
        return true;
    }

    private static bool TryAge(JsonElement? value, out TimeSpan age)
    {
        age = UsualAge;
        if (value is not { } maxAge)
        {
            return true;
        }

        if (maxAge.ValueKind != JsonValueKind.Number || !maxAge.TryGetDouble(out var seconds) || !(seconds >= 0))
        {
            return false;
        }

        age = TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds));
        return true;
    }
}
