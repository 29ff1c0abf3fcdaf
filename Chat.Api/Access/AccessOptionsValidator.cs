using Chat.Api.Webhooks;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Also finds misspelled settings: a rule that nobody reads would seem to be in force.</summary>
internal sealed class AccessOptionsValidator(IConfiguration configuration, IHostEnvironment environment) : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        string[] errors = [.. Unknown(configuration.GetSection(AccessOptions.Section)), .. AccessRules.Errors(options), .. WebhookErrors(options)];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private IEnumerable<string> WebhookErrors(AccessOptions options)
    {
        if (options.Url is not { Length: > 0 } text)
        {
            yield break;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0)
        {
            yield return $"{AccessOptions.Section}:Url must be an absolute https URL; it is '{text}'.";
        }
        else if (url.Scheme == "http" && !url.IsLoopback && !environment.IsDevelopment())
        {
            yield return $"{AccessOptions.Section}:Url must be https outside Development, since answers are not signed; it is '{text}'.";
        }

        if (!WebhookSignature.TryParse(options.Secret, out _))
        {
            yield return $"{AccessOptions.Section}:Secret {WebhookSignature.Rule}";
        }
    }

    private static IEnumerable<string> Unknown(IConfigurationSection section) => Unknown(section, typeof(AccessOptions))
        .Concat(section.GetSection(nameof(AccessOptions.Groups)).GetChildren().SelectMany(rule => Unknown(rule, typeof(AccessRule))))
        .Concat(section.GetSection(nameof(AccessOptions.Rules)).GetChildren().SelectMany(rule => Unknown(rule, typeof(TopicRule))));

    private static IEnumerable<string> Unknown(IConfigurationSection section, Type options)
    {
        var known = options.GetProperties().Select(property => property.Name).ToList();
        return section.GetChildren().Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"{child.Path} is no setting; here there are {string.Join(", ", known)}.");
    }
}
