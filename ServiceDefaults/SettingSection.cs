using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults;

/// <summary>A part of the configuration that is read, and into what.</summary>
internal sealed record SettingSection(string Path, Type Type)
{
    /// <summary>The part's name of its first level, such as <c>Chat</c> of <c>Chat:Hub</c>.</summary>
    public string Root => Path.Split(ConfigurationPath.KeyDelimiter)[0];

    /// <summary>Whether this key is read from here.</summary>
    public bool Has(string key) => TypeAt(key) is not null;

    /// <summary>What may stand right below this key, as far as it is of this part.</summary>
    public IEnumerable<string> NamesBelow(string key) =>
        TypeAt(key) is { } type ? Settable(type).Select(static property => property.Name)
        : Below(key, Path) is [{ } next, ..] ? [next]
        : [];

    private static IEnumerable<PropertyInfo> Settable(Type type) => IsMany(type) ? [] : type.GetProperties().Where(static property => property.CanWrite);

    private static bool IsMany(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    // Null: it is not below.
    private static string[]? Below(string path, string key) =>
        key.Equals(path, StringComparison.OrdinalIgnoreCase) ? []
        : key.StartsWith(path + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase) ? key[(path.Length + 1)..].Split(ConfigurationPath.KeyDelimiter)
        : null;

    // Null: nothing is read from there.
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
                ? type.GetElementType() ?? type.GetGenericArguments()[^1] // the name is an index, or a dictionary's key
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
