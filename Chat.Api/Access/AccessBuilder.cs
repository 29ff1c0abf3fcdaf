using Chat.Api.Redis;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Registers who may do what.</summary>
internal static partial class AccessBuilder
{
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.AddSingleton(static provider => AccessRules.Read(provider.GetRequiredService<IOptions<AccessOptions>>().Value));
        services.AddSingleton<AccessSources>();
        services.AddSingleton<AccessMetrics>();
        services.AddRedisScripts(RedisSanctions.Scripts);
        services.AddSingleton<RedisSanctions>();
        services.AddSingleton<Sanctions>();
        services.AddSingleton<AccessTable>();
        services.AddHostedService<SanctionWatch>();
        return builder;
    }

    public static WebApplication UseAccess(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment() && app.Services.GetRequiredService<AccessSources>().IsOpen)
        {
            Log.Open(app.Logger);
        }

        return app;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "OpenAccess",
            Message = "Everybody may join everything and write everywhere, unless their token says less: there are no rules (Chat:Access).")]
        public static partial void Open(ILogger logger);
    }
}
