using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

/// <summary>The keys of backends. Bound from <c>Api</c>. The node does not start with an invalid value.</summary>
internal sealed class ApiKeyOptions
{
    public const string Section = "Api";

    /// <summary>Keys, each of which gives access to everything that is for services. To replace one, add the new one under the same name, let the
    /// backend change over, and remove the old one.</summary>
    /// <value>Default: none; then only a token with the role <c>service</c> gives access. The AppHost makes a key in Development.</value>
    public ApiKey[] Keys { get; set; } = [];
}

internal sealed class ApiKey
{
    /// <summary>The name of the key's user in metrics, and the sender of its messages unless they name another one.</summary>
    /// <value>An id like a user's. Keys with the same name belong to one backend, with one limit.</value>
    public string? Name { get; set; }

    /// <summary>The text that is sent in the header <c>X-Api-Key</c>.</summary>
    /// <value>32 to 512 visible ASCII characters, for example the output of <c>openssl rand -base64 32</c>.</value>
    public string? Secret { get; set; }

    public override string ToString() => $"the key {Name}"; // never the secret
}

internal sealed class ApiKeyOptionsValidator : IValidateOptions<ApiKeyOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiKeyOptions options)
    {
        string[] errors = [.. Errors(options.Keys)];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(ApiKey[] keys)
    {
        const string Section = $"{ApiKeyOptions.Section}:{nameof(ApiKeyOptions.Keys)}";
        foreach (var (i, key) in keys.Index())
        {
            if (!ChatId.IsValid(key.Name))
            {
                yield return $"{Section}:{i}:Name must be set. {ChatId.Rule}";
            }

            if (key.Secret is not { Length: >= ApiKeys.LeastChars and <= ApiKeys.MostChars } secret || secret.Any(static character => character is <= ' ' or > '~'))
            {
                yield return $"{Section}:{i}:Secret must have {ApiKeys.LeastChars} to {ApiKeys.MostChars} visible ASCII characters. For example the output of: openssl rand -base64 32";
            }
        }

        if (keys.Select(static key => key.Secret).Distinct().Count() < keys.Length)
        {
            yield return $"{Section} has two keys with one secret.";
        }
    }
}
