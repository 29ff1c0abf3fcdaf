using System.Threading.RateLimiting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Timeout;

namespace Chat.Api.Access;

/// <summary>How a question to the webhook gets there: its turn, its time, how often it is asked, and when it is not.</summary>
/// <remarks>There are two pipelines, one for <see cref="UnansweredUsers"/> and one for everybody else. They share the places, of which those
/// users have a quarter at most, and each judges by its own questions whether the webhook is away. So who asks for what makes it hang keeps
/// others waiting no longer than the first of these questions last.</remarks>
internal static class WebhookPipeline
{
    public static readonly HttpRequestOptionsKey<string> User = new("webhook user");

    private const string OfUnanswered = "unanswered";
    private const string OfOthers = "others";
    private const int QuestionsWaiting = 100_000; // bounded by the connections, each of which waits for its own

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

    // From the outside in: where hardly any was answered of late, nobody has to wait; all of it has an end, takes its turn, is done
    // twice at most, and each time has an end.
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

    // That nothing comes, or there is nobody to ask, keeps others waiting. Any answer shows that it is there, and so does a connection that it
    // ends in the midst of one: they come at once, and may be about that question alone. Who asks for what makes it fail must not keep others out.
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
