using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults;

/// <summary>A section of the configuration, and the type that it is read into.</summary>
internal sealed record SettingSection(string Path, Type Type)
{
    /// <summary>The first level of the path, such as <c>Chat</c> in <c>Chat:Hub</c>.</summary>
    public string Root => Path.Split(ConfigurationPath.KeyDelimiter)[0];

    /// <summary>Whether this section reads the key.</summary>
    public bool Has(string key) => TypeAt(key) is not null;

    /// <summary>The names that may stand directly below this key, as far as they belong to this section.</summary>
    public IEnumerable<string> NamesBelow(string key) =>
        TypeAt(key) is { } type ? Settable(type).Select(static property => property.Name)
        : Below(key, Path) is [{ } next, ..] ? [next]
        : [];

    private static IEnumerable<PropertyInfo> Settable(Type type) => IsMany(type) ? [] : type.GetProperties().Where(static property => property.CanWrite);

    private static bool IsMany(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    // Returns null if the key is not below the path.
    private static string[]? Below(string path, string key) =>
        key.Equals(path, StringComparison.OrdinalIgnoreCase) ? []
        : key.StartsWith(path + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase) ? key[(path.Length + 1)..].Split(ConfigurationPath.KeyDelimiter)
        : null;

    // Returns null if nothing is read from there.
    private Type? TypeAt(string key)
    {
        if (Below(Path, key) is not { } names)
        {
            return null;
        }

        var type = Type;
        foreach (var name in names)
        {
            var next = IsMany(type)
                ? type.GetElementType() ?? type.GetGenericArguments()[^1] // the name is an index, or the key of a dictionary
                : Settable(type).FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.PropertyType;
            if (next is null)
            {
                return null;
            }

            type = next;
        }

        return type;
    }
}
