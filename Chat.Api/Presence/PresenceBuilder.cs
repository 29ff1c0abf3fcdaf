using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Presence;

/// <summary>Registers presence.</summary>
internal static class PresenceBuilder
{
    /// <summary>To be called before the services that serve connections are added. Presence then stops after them, so that users leave it while a
    /// node drains.</summary>
    public static WebApplicationBuilder AddPresence(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<PresenceOptions>(PresenceOptions.Section);
        services.AddSingleton<IValidateOptions<PresenceOptions>, PresenceOptionsValidator>();
        services.AddRedisScripts(RedisPresence.Scripts);
        services.AddSingleton<IPresenceStore>(static provider => new RedisPresence(
            provider.GetRequiredService<RedisCommands>(), provider.GetRequiredService<RedisSubscriptions>(), provider.GetRequiredService<RedisKeys>(),
            provider.GetRequiredService<NodeIdentity>(), provider.GetRequiredService<IOptions<NodeOptions>>().Value.Lease,
            provider.GetRequiredService<IOptions<PresenceOptions>>().Value.ListSize, provider.GetService<EventMarks>()));
        services.AddSingleton<PresenceMetrics>();
        services.AddSingleton<PresenceReporter>();
        services.AddSingleton<PresenceWatches>();
        services.AddHostedService<PresenceSweeper>();
        services.AddHostedService(static provider => provider.GetRequiredService<PresenceReporter>());
        services.AddHostedService(static provider => provider.GetRequiredService<PresenceWatches>());
        return builder;
    }

    public static WebApplication UsePresence(this WebApplication app)
    {
        var reporter = app.Services.GetRequiredService<PresenceReporter>();
        app.Services.GetRequiredService<TopicTable>().Attach(reporter);
        if (app.Services.GetService<EventRules>() is { Online: true })
        {
            app.Services.GetRequiredService<ConnectionTable>().Attach(reporter);
        }

        return app;
    }
}
