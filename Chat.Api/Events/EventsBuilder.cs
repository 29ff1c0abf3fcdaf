using Chat.Api.Messages;
using Chat.Api.Redis;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Events;

/// <summary>Registers the services that tell a backend what happens. Without <see cref="EventOptions.Url"/> there are none.</summary>
internal static class EventsBuilder
{
    /// <summary>To be called before the services that serve connections are added. Events then stop after them, so that what connections cause is
    /// still told.</summary>
    public static WebApplicationBuilder AddEvents(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<EventOptions>(EventOptions.Section);
        services.AddSingleton<IValidateOptions<EventOptions>, EventOptionsValidator>();
        if (string.IsNullOrEmpty(builder.Configuration[$"{EventOptions.Section}:{nameof(EventOptions.Url)}"]))
        {
            return builder;
        }

        services.AddSingleton(static provider => RulesOf(provider.GetRequiredService<IOptions<EventOptions>>().Value));
        services.AddSingleton<EventMarks>();
        services.AddRedisScripts(EventMarks.Scripts);
        services.AddRedisScripts(EventQueues.Scripts);
        services.AddSingleton<EventQueues>();
        services.AddSingleton<TopicTurns>();
        services.AddSingleton<EventLosses>();
        services.AddSingleton<EventMetrics>();
        services.AddSingleton<EventReceiver>();
        services.AddSingleton<EventPartitions>();
        services.AddHttpClient(EventReceiver.Client)
            .ConfigureHttpClient(static (provider, client) => client.Timeout = provider.GetRequiredService<IOptions<EventOptions>>().Value.Timeout)
            .UseSocketsHttpHandler(static (handler, _) =>
            {
                handler.AllowAutoRedirect = false; // a signed request goes where the settings say
                handler.UseCookies = false;
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2); // otherwise a receiver's new address would never be found
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers(); // four lines a request, with the URL, which may hold a secret
        services.AddHostedService(static provider => provider.GetRequiredService<EventPartitions>());
        services.AddHostedService<EventDelivery>();
        services.AddHostedService<EventSearch>();
        return builder;
    }

    private static EventRules RulesOf(EventOptions options) => new()
    {
        Messages = Patterns(options.Messages),
        Presence = Patterns(options.Presence),
        Online = options.Online,
        Memberships = options.Memberships,
        QueueLength = options.QueueLength,
        QueueBytes = options.QueueBytes,
    };

    private static TopicPattern[] Patterns(string[] texts) =>
        [.. texts.Select(text => TopicPattern.TryParse(text, out var pattern) ? pattern : throw new InvalidOperationException("The options were not validated."))];
}
