using System.Net;
using Chat.Api.Redis;
using Chat.Api.Topics;
using Chat.Api.Webhooks;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using ServiceDefaults;

namespace Chat.Api.Access;

/// <summary>Registers who may do what.</summary>
internal static partial class AccessBuilder
{
    private const int QuestionsWaiting = 100_000; // bounded by the connections, each of which waits for its own

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

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
                handler.AllowAutoRedirect = false; // an address that is not the one of the settings gets no questions
                handler.UseCookies = false;
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2); // for its name may come to mean another address
            })
            .RemoveAllLoggers();

        // From the outside in: where hardly any was answered of late, nobody has to wait; all of it has an end, takes its turn, is done
        // twice at most, and each time has an end.
        client.AddResilienceHandler(AccessWebhook.ClientName, pipeline => pipeline
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = 0.9,
                MinimumThroughput = 20,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromSeconds(1),
                ShouldHandle = static ended => ValueTask.FromResult(IsAway(ended.Outcome)),
            })
            .AddTimeout(3 * options.Timeout)
            .AddConcurrencyLimiter(options.QuestionsAtOnce, queueLimit: QuestionsWaiting)
            .AddRetry(new HttpRetryStrategyOptions { MaxRetryAttempts = 1, Delay = RetryDelay, BackoffType = DelayBackoffType.Constant, UseJitter = true, ShouldRetryAfterHeader = false })
            .AddTimeout(options.Timeout));
        client.AddHttpMessageHandler(static provider => new WebhookSigner(
            WebhookSignature.TryParse(provider.GetRequiredService<IOptions<AccessOptions>>().Value.Secret, out var signature)
                ? signature : throw new InvalidOperationException("Not checked."),
            provider.GetRequiredService<TimeProvider>()));
        builder.Logging.AddFilter("Polly", LogLevel.None); // what matters is told by AccessWebhook
    }

    // A 500 keeps nobody waiting, and may be about that question alone: one user who asks for what makes the webhook fail must not keep others out.
    private static bool IsAway(Outcome<HttpResponseMessage> outcome) =>
        HttpClientResiliencePredicates.IsTransient(outcome) && outcome.Result?.StatusCode != HttpStatusCode.InternalServerError;

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
