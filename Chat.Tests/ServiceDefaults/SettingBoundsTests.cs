using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Chat.Api.Access;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Events;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Presence;
using Chat.Api.ServerApi;
using Chat.Api.Topics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>Every limit of a node has bounds: by an attribute, or by a rule that is tested here.</summary>
public sealed class SettingBoundsTests
{
    private static readonly Type[] Options = [typeof(BackplaneOptions), typeof(ConnectionOptions), typeof(TopicOptions), typeof(ChatHubOptions), typeof(MembershipOptions), typeof(PresenceOptions), typeof(AccessOptions), typeof(EventOptions), typeof(ServerApiOptions)];

    // Bounded by a rule in Errors(), since 0 has a meaning or another setting is the bound.
    private static readonly string[] ByRule = [nameof(BackplaneOptions.HeadBytes)];

    public static TheoryData<string> Limits() => [.. Options.SelectMany(type => type.GetProperties())
        .Where(property => property.CanWrite && (property.PropertyType == typeof(TimeSpan) || property.PropertyType == typeof(int) || property.PropertyType == typeof(long)))
        .Select(property => $"{property.DeclaringType!.Name}.{property.Name}")];

    [Theory]
    [MemberData(nameof(Limits))]
    public void Limit_HasBounds_AndADefaultWithin(string limit)
    {
        var (type, property) = Find(limit);
        var options = Activator.CreateInstance(type)!;
        if (property.GetCustomAttribute<RangeAttribute>() is not { } range)
        {
            Assert.Contains(property.Name, ByRule);
            return;
        }

        Assert.True(range.IsValid(property.GetValue(options)));
        var setting = $"{SectionOf(type)}:{property.Name}";
        Assert.StartsWith($"{setting} must be ", Assert.Single(ErrorsWith(options, property, Beyond(range, property.PropertyType))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Group:Messages", -1)]
    [InlineData("Group:Messages", 100_001)]
    [InlineData("User:MostMessages", 0)]
    [InlineData("User:MostMessages", 1_000_001)]
    [InlineData("Group:MostRemovals", -1)]
    [InlineData("Group:MostRemovals", 100_001)]
    [InlineData("All:MostBytes", (64 * 1024) - 1)]
    [InlineData("All:MostBytes", (1024 * 1024 * 1024) + 1)]
    [InlineData("Group:Window", -1)]
    [InlineData("Group:Window", 601)] // longer than the age of its log
    [InlineData("User:Age", 0)]
    [InlineData("User:Age", (7 * 24 * 3600) + 1)] // longer than the age of a position
    public void Log_BeyondItsBounds_IsToldWithItsSetting(string setting, int value)
    {
        var options = new BackplaneOptions();
        var log = setting.Split(':') switch { ["User", _] => options.User, ["Group", _] => options.Group, _ => options.All };
        var property = typeof(LogOptions).GetProperty(setting.Split(':')[1])!;
        property.SetValue(log, property.PropertyType == typeof(TimeSpan) ? TimeSpan.FromSeconds(value) : Convert.ChangeType(value, property.PropertyType, CultureInfo.InvariantCulture));

        Assert.Contains(options.Errors(), error => error.StartsWith($"Chat:Backplane:{setting}", StringComparison.Ordinal));
        Assert.Empty(new BackplaneOptions().Errors());
    }

    private static (Type Type, PropertyInfo Property) Find(string limit)
    {
        var type = Options.Single(one => limit.StartsWith(one.Name + ".", StringComparison.Ordinal));
        return (type, type.GetProperty(limit[(type.Name.Length + 1)..])!);
    }

    // A value just outside, in the property's own type.
    private static object Beyond(RangeAttribute range, Type type) => type == typeof(TimeSpan)
        ? TimeSpan.Parse($"{range.Maximum}", CultureInfo.InvariantCulture) + TimeSpan.FromTicks(1)
        : Convert.ChangeType(Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture) - 1, type, CultureInfo.InvariantCulture);

    // The errors as a node reports them.
    private static IEnumerable<string> ErrorsWith(object options, PropertyInfo property, object value)
    {
        property.SetValue(options, value);
        var type = options.GetType();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        typeof(SettingsBuilder).GetMethod(nameof(SettingsBuilder.AddSettings))!.MakeGenericMethod(type).Invoke(null, [services, SectionOf(type)]);
        using var provider = services.BuildServiceProvider();
        var validator = provider.GetRequiredService(typeof(IValidateOptions<>).MakeGenericType(type));
        return ((ValidateOptionsResult)validator.GetType().GetMethod("Validate")!.Invoke(validator, [null, options])!).Failures ?? [];
    }

    private static string SectionOf(Type type) => (string)type.GetField("Section")!.GetValue(null)!;
}
