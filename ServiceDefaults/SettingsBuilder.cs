using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>Registers settings that have to be right before anything starts.</summary>
public static class SettingsBuilder
{
    /// <summary>Binds options to their section. A process does not start with a value beyond the bounds of its property
    /// (<c>RangeAttribute</c>), nor with a text where a list belongs: it says which setting that is.</summary>
    public static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSettingNames<T>(section);
        services.AddSingleton<IValidateOptions<T>>(provider => new SettingBounds<T>(section, provider.GetRequiredService<IConfiguration>()));
        return services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }

    /// <summary>For settings that are read in another way: they are known then, and no warning says that nobody reads them.</summary>
    /// <typeparam name="T">The options that have their names, or the type of the one setting.</typeparam>
    public static IServiceCollection AddSettingNames<T>(this IServiceCollection services, string section) =>
        services.AddSingleton(new SettingSection(section, typeof(T)));
}
