using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults;

/// <summary>Warns of settings that nobody reads, such as those with a misspelled name. The framework silently ignores them.</summary>
/// <remarks>They do not keep the process from starting: after a rollback to the previous version, a program still has the settings of the later one.</remarks>
internal static partial class UnknownSettings
{
    public static void Warn(IEnumerable<SettingSection> sections, IConfiguration configuration, ILogger log)
    {
        SettingSection[] all = [.. sections];
        foreach (var key in In(configuration, all))
        {
            var (section, names) = NearestTo(key, all);
            LogUnknown(log, key, section, string.Join(", ", names));
        }
    }

    private static IEnumerable<string> In(IConfiguration configuration, SettingSection[] sections) => sections
        .Select(static section => section.Root).Distinct(StringComparer.OrdinalIgnoreCase)
        .SelectMany(root => configuration.GetSection(root).AsEnumerable()
            .Where(setting => setting.Value is not null && setting.Key.Length > root.Length) // an environment variable may have the same name as the root
            .Select(static setting => setting.Key))
        .Where(key => !Array.Exists(sections, section => section.Has(key)))
        .Order(StringComparer.Ordinal);

    private static (string Section, string[] Names) NearestTo(string key, SettingSection[] sections)
    {
        var section = key;
        string[] names;
        do
        {
            section = section[..section.LastIndexOf(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)];
            names = [.. sections.SelectMany(one => one.NamesBelow(section)).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
        }
        while (names.Length == 0); // ends at the root, which has some names

        return (section, names);
    }

    [LoggerMessage(EventName = "UnknownSetting", Level = LogLevel.Warning, Message = "{Setting} is not a known setting and is ignored; {Section} has {Names}")]
    private static partial void LogUnknown(ILogger log, string setting, string section, string names);
}
