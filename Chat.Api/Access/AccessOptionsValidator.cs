using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Also finds what is misspelled: a rule that nobody reads would pass for one that holds.</summary>
internal sealed class AccessOptionsValidator(IConfiguration configuration) : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        string[] errors = [.. Unknown(configuration.GetSection(AccessOptions.Section)), .. AccessRules.Errors(options)];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
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
