using Chat.Api.Redis;
using Chat.Api.Topics;
using Chat.Api.Webhooks;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Access;

/// <summary>Registers the services that decide who may do what.</summary>
internal static partial class AccessBuilder
{
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AccessOptions>(AccessOptions.Section);
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.AddSingleton(static provider => AccessRules.Read(provider.GetRequiredService<IOptions<AccessOptions>>().Value));
        services.AddSingleton<AccessWebhook>();
        services.AddSingleton<AccessAnswers>();
        services.AddSingleton<AccessSources>();
        services.AddSingleton<AccessRenewals>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessRenewals>());
        AddWebhook(builder);
        services.AddSingleton<AccessMetrics>();
        services.AddRedisScripts(RedisSanctions.Scripts);
        services.AddSingleton<RedisSanctions>();
        services.AddSingleton<Sanctions>();
        services.AddSingleton<AccessTable>();
        services.AddSingleton<SanctionWatch>();
        services.AddHostedService(static provider => provider.GetRequiredService<SanctionWatch>());
        return builder;
    }

    private static void AddWebhook(WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(AccessOptions.Section).Get<AccessOptions>() ?? new AccessOptions();
        var client = builder.Services.AddHttpClient(AccessWebhook.ClientName)
            .ConfigureHttpClient(http => http.Timeout = 4 * options.Timeout)
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.AllowAutoRedirect = false; // only the address in the settings gets questions
                handler.UseCookies = false;
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2); // since its name may come to mean another address
            })
            .RemoveAllLoggers()
            .AddWebhookPipeline();
        client.AddHttpMessageHandler(static provider => new WebhookSigner(
            WebhookSignature.TryParse(provider.GetRequiredService<IOptions<AccessOptions>>().Value.Secret, out var signature)
                ? signature : throw new InvalidOperationException("Not checked."),
            provider.GetRequiredService<TimeProvider>()));
        builder.Logging.AddFilter("Polly", LogLevel.None); // AccessWebhook logs what matters
    }

    public static WebApplication UseAccess(this WebApplication app)
    {
        app.Services.GetRequiredService<TopicTable>().Attach(app.Services.GetRequiredService<SanctionWatch>());
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
