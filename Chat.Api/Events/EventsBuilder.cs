using Chat.Api.Messages;
using Chat.Api.Redis;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Events;

/// <summary>Registers what tells a backend what happens. Without <see cref="EventOptions.Url"/> that is nothing.</summary>
internal static class EventsBuilder
{
    /// <summary>Before what serves connections, so that it stops after them, and what they cause is told.</summary>
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
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2); // or a receiver's new address is never found
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
