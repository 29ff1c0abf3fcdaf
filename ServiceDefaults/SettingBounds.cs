using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>Checks what all settings must comply with, and reports errors under the settings' names in the configuration.</summary>
/// <remarks>The framework's validation only knows the names of this program's classes.</remarks>
internal sealed class SettingBounds<T>(string section, IConfiguration configuration) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        string[] errors = [.. typeof(T).GetProperties().Select(property => Error($"{section}:{property.Name}", property, options)).OfType<string>()];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private string? Error(string setting, PropertyInfo property, T options)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            var (from, to) = (range.Minimum, range.Maximum); // as written in the attribute: IsValid turns them into numbers and times
            var value = property.GetValue(options);
            return range.IsValid(value) ? null : FormattableString.Invariant($"{setting} must be {from} to {to}; it is {value}.");
        }

        // The binder would silently ignore this. The value may be a secret, so it is not quoted. An empty list in JSON is an empty text.
        return property.PropertyType.IsAssignableTo(typeof(IList)) && !string.IsNullOrEmpty(configuration[setting])
            ? $"{setting} is a list, each entry of which is a setting of its own: {setting}:0, {setting}:1 and so on."
            : null;
    }
}
