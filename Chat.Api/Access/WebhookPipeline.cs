using System.Threading.RateLimiting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Timeout;

namespace Chat.Api.Access;

/// <summary>The path of a question to the webhook: when it has its turn, how long it may take, how often it is asked, and when it is not asked at
/// all.</summary>
/// <remarks>There are two pipelines, one for <see cref="UnansweredUsers"/> and one for everybody else. They share the places, of which those users
/// have at most a quarter. Each pipeline judges by its own questions whether the webhook is away. So a user whose questions make the webhook hang
/// delays others no longer than the first of these questions last.</remarks>
internal static class WebhookPipeline
{
    public static readonly HttpRequestOptionsKey<string> User = new("webhook user");

    private const string OfUnanswered = "unanswered";
    private const string OfOthers = "others";
    private const int QuestionsWaiting = 100_000; // in effect bounded by the connections, each of which waits for few of its own; renewals wait elsewhere (AccessRenewals)

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    public static IHttpClientBuilder AddWebhookPipeline(this IHttpClientBuilder client)
    {
        client.Services.AddSingleton<UnansweredUsers>();
        client.Services.AddSingleton<Places>();
        client.AddResilienceHandler(client.Name, Build).SelectPipelineBy(static provider =>
        {
            var unanswered = provider.GetRequiredService<UnansweredUsers>();
            return request => unanswered.Contains(UserOf(request)) ? OfUnanswered : OfOthers;
        });
        return client;
    }

    // From the outside in: if hardly any question was answered recently, nobody has to wait. The whole has a time limit, waits for its turn, and is
    // tried at most twice, each time with a time limit.
    private static void Build(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, ResilienceHandlerContext context)
    {
        var options = context.ServiceProvider.GetRequiredService<IOptions<AccessOptions>>().Value;
        var unanswered = context.ServiceProvider.GetRequiredService<UnansweredUsers>();
        pipeline
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = 0.9,
                MinimumThroughput = 20,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromSeconds(1),
                ShouldHandle = static ended => ValueTask.FromResult(IsAway(ended.Outcome.Exception)),
            })
            .AddTimeout(3 * options.Timeout);
        if (context.InstanceName == OfUnanswered)
        {
            pipeline.AddConcurrencyLimiter(Math.Max(options.QuestionsAtOnce / 4, 1), QuestionsWaiting);
        }

        pipeline
            .AddRateLimiter(context.ServiceProvider.GetRequiredService<Places>().Limiter)
            .AddRetry(new HttpRetryStrategyOptions { MaxRetryAttempts = 1, Delay = RetryDelay, BackoffType = DelayBackoffType.Constant, UseJitter = true, ShouldRetryAfterHeader = false })
            .AddTimeout(new HttpTimeoutStrategyOptions
            {
                Timeout = options.Timeout,
                OnTimeout = args =>
                {
                    unanswered.Add(UserOf(args.Context.GetRequestMessage()!));
                    return ValueTask.CompletedTask;
                },
            });
    }

    private static string UserOf(HttpRequestMessage request) => request.Options.TryGetValue(User, out var userId) ? userId : "";

    // The webhook is away if nothing comes from it, or if it cannot be reached: both keep others waiting. Any answer shows that it is there, and so
    // does a connection that it ends during an answer. Those come at once, and may concern that question alone. A user whose question makes it fail
    // must not keep others out.
    private static bool IsAway(Exception? failure) => failure is TimeoutRejectedException or HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    /// <summary>The questions under way, of both pipelines.</summary>
    private sealed class Places(IOptions<AccessOptions> options) : IDisposable
    {
        public ConcurrencyLimiter Limiter { get; } = new(new ConcurrencyLimiterOptions { PermitLimit = options.Value.QuestionsAtOnce, QueueLimit = QuestionsWaiting });

        public void Dispose() => Limiter.Dispose();
    }
}
