using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>Registers settings that are checked before anything starts.</summary>
public static class SettingsBuilder
{
    /// <summary>Binds options to their section. The process does not start if a value is beyond the bounds of its property (<c>RangeAttribute</c>),
    /// or if a text stands where a list belongs. The error names the setting.</summary>
    public static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSettingNames<T>(section);
        services.AddSingleton<IValidateOptions<T>>(provider => new SettingBounds<T>(section, provider.GetRequiredService<IConfiguration>()));
        return services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }

    /// <summary>For settings that are read in another way: makes them known, so that no warning says that nobody reads them.</summary>
    /// <typeparam name="T">The options with these names, or the type of a single setting.</typeparam>
    public static IServiceCollection AddSettingNames<T>(this IServiceCollection services, string section) =>
        services.AddSingleton(new SettingSection(section, typeof(T)));
}
