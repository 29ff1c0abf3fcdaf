using System.Globalization;
using System.Text.RegularExpressions;
using Chat.Api.Access;
using Chat.Api.Auth;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Events;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Nodes;
using Chat.Api.Presence;
using Chat.Api.ServerApi;
using Chat.Api.Topics;
using Edge.Proxy;
using ServiceDefaults.Memory;
using Xunit;

namespace Chat.Tests.Documents;

/// <summary>Every setting is in a table of the documents with its default, and every entry of these tables is a setting.</summary>
public sealed partial class SettingTests
{
    private static readonly (string Section, object Options)[] Classes =
    [
        (ConnectionOptions.Section, new ConnectionOptions()), (BackplaneOptions.Section, new BackplaneOptions()), (TopicOptions.Section, new TopicOptions()),
        (NodeOptions.Section, new NodeOptions()), (ChatHubOptions.Section, new ChatHubOptions()), (MembershipOptions.Section, new MembershipOptions()),
        (PresenceOptions.Section, new PresenceOptions()), (AccessOptions.Section, new AccessOptions()), (AuthOptions.Section, new AuthOptions()),
        (EventOptions.Section, new EventOptions()), (ServerApiOptions.Section, new ServerApiOptions()), (MemoryOptions.Section, new MemoryOptions()), (EdgeOptions.Section, new EdgeOptions()),
    ];

    // Read one by one, or several under names of the operator's choice.
    private static readonly string[] OfNoClass = ["Chat:Redis:Prefix", "Chat:Chats", "Api:Keys:0:Name", "Api:Keys:0:Secret"];

    private static readonly Dictionary<string, object?> Settings = Classes.SelectMany(one => Of(one.Section, one.Options)).ToDictionary();
    private static readonly Row[] Rows = [.. Repository.Files(".md").SelectMany(file => RowsOf(file, Repository.Read(file)))];

    public static TheoryData<string> Names() => [.. Settings.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Setting_StandsInATable_WithItsDefault(string name)
    {
        var rows = Rows.Where(row => row.Keys.Any(key => Means(key, name))).ToList();

        Assert.NotEmpty(rows);
        rows.RemoveAll(row => !row.Keys.Contains(name)); // of another kind of topic, where the table says "the same"
        if (Texts(Settings[name]) is { Length: > 0 } texts)
        {
            Assert.All(rows, row => Assert.True(texts.Any(text => Says(row.Rest, text)), $"{row.File} does not say {string.Join(" or ", texts)} of {name}: {row.Rest}"));
        }
    }

    [Fact]
    public void Row_IsOfASettingThatIsThere()
    {
        var leftOver = Rows.SelectMany(row => row.Keys, (row, key) => (row.File, Key: key))
            .Where(row => !OfNoClass.Contains(row.Key) && !Settings.Keys.Any(name => Means(row.Key, name) || (row.Key.EndsWith('…') && name.StartsWith(row.Key[..^1], StringComparison.Ordinal)))).ToList();

        Assert.Empty(leftOver);
    }

    // Chat:Backplane:Group:… also stands for the settings of other kinds of topics. Chat:Backplane:… only says where to look.
    private static bool Means(string key, string name) =>
        key == name || (key.EndsWith(":…", StringComparison.Ordinal) && key.Count(letter => letter == ':') == 3 && name.StartsWith(key[..^1], StringComparison.Ordinal));

    private static IEnumerable<KeyValuePair<string, object?>> Of(string section, object options) => options.GetType().GetProperties()
        .Where(property => property.GetMethod is { IsPublic: true, IsStatic: false } && (property.CanWrite || property.PropertyType == typeof(LogOptions)))
        .Where(property => !property.PropertyType.IsGenericType || Nullable.GetUnderlyingType(property.PropertyType) is not null) // rules have names of their own
        .SelectMany(property => property.GetValue(options) is LogOptions log ? Of($"{section}:{property.Name}", log) : [new($"{section}:{property.Name}", property.GetValue(options))]);

    private static IEnumerable<Row> RowsOf(string file, string text)
    {
        foreach (var line in text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)))
        {
            List<string> keys = [];
            // Only cells that consist of keys alone; others mention settings in passing.
            foreach (var cell in line.Split('|').Select(cell => cell.Trim()).Where(cell => KeyCell().IsMatch(cell)))
            {
                foreach (Match key in Key().Matches(cell))
                {
                    var name = key.Groups[1].Value;
                    if (name.Contains('=', StringComparison.Ordinal))
                    {
                        continue; // a setting with a value, mentioned in passing
                    }

                    keys.Add(name.StartsWith('…') && keys.Count > 0 ? Whole(name, keys[^1]) : name);
                }
            }

            if (keys.Exists(key => Classes.Any(one => key.StartsWith(one.Section + ":", StringComparison.Ordinal)) || key.StartsWith("Chat:", StringComparison.Ordinal)))
            {
                yield return new Row(file, [.. keys.Where(key => !key.Contains('{', StringComparison.Ordinal) && key.Contains(':', StringComparison.Ordinal))], Key().Replace(line, ""));
            }
        }
    }

    // Completes …:User:Window after Chat:Backplane:User:Messages, and …:Post after Chat:Access:Groups:{pattern}:Join.
    private static string Whole(string shortened, string before)
    {
        var rest = shortened[2..];
        var at = before.IndexOf($":{rest.Split(':')[0]}:", StringComparison.Ordinal);
        return before[..(at < 0 ? before.LastIndexOf(':') : at)] + ":" + rest;
    }

    private static bool Says(string row, string text) => Regex.IsMatch(row, $@"(?<![\w,.]){Regex.Escape(text)}(?![\w]|[,.]\d)");

    /// <summary>The forms in which people write the value. Empty if it has no default, or one that is generated at startup.</summary>
    private static string[] Texts(object? value) => value switch
    {
        TimeSpan time => [.. new[] { (TimeSpan.FromDays(1), "day"), (TimeSpan.FromHours(1), "h"), (TimeSpan.FromMinutes(1), "min"), (TimeSpan.FromSeconds(1), "s"), (TimeSpan.FromMilliseconds(1), "ms") }
            .Where(unit => time.Ticks % unit.Item1.Ticks == 0)
            .SelectMany(unit => new[] { $"{time / unit.Item1} {unit.Item2}", $"{time / unit.Item1} {unit.Item2}s" }), .. time == TimeSpan.Zero ? new[] { "0" } : []],
        int number => Texts((long)number),
        long number => [number.ToString("N0", CultureInfo.InvariantCulture), number.ToString(CultureInfo.InvariantCulture),
            .. number > 0 && number % 1024 == 0 ? new[] { $"{number / 1024} KiB" } : [], .. number > 0 && number % (1024 * 1024) == 0 ? new[] { $"{number / 1024 / 1024} MiB" } : []],
        bool yes => [yes ? "true" : "false"],
        Enum word => [$"{word}".ToLowerInvariant()],
        _ => [],
    };

    private sealed record Row(string File, string[] Keys, string Rest);

    [GeneratedRegex(@"^(?:`[A-Z…][^`]*:[^`]*`(?:, |, …| …|…)?)+$")]
    private static partial Regex KeyCell();

    [GeneratedRegex("`([A-Z…][^`]*:[^`]*)`")]
    private static partial Regex Key();
}
