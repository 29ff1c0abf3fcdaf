using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>What any settings must keep to, told with the name that each has in the configuration.</summary>
/// <remarks>The framework's validation knows the names of this program's classes only.</remarks>
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
            var (from, to) = (range.Minimum, range.Maximum); // as they are written there: the check turns them into numbers and times
            var value = property.GetValue(options);
            return range.IsValid(value) ? null : FormattableString.Invariant($"{setting} must be {from} to {to}; it is {value}.");
        }

        // The binder would pass over it without a word. What it says may be a secret. An empty list in JSON is an empty text.
        return property.PropertyType.IsAssignableTo(typeof(IList)) && !string.IsNullOrEmpty(configuration[setting])
            ? $"{setting} is a list, each entry of which is a setting of its own: {setting}:0, {setting}:1 and so on."
            : null;
    }
}
