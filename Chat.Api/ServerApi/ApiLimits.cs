using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>How many calls each backend may make on this node.</summary>
internal sealed class ApiLimits : IDisposable
{
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);

    private readonly PartitionedRateLimiter<string>? _limiter;

    public ApiLimits(IOptions<ServerApiOptions> options)
    {
        var (rate, burst) = (options.Value.CallsPerSecond, options.Value.CallBurst);
        if (rate == 0)
        {
            return;
        }

        var perPeriod = Math.Max(1, (int)(rate * ShortestPeriod.TotalSeconds));
        var limits = new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = perPeriod,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)perPeriod / rate),
        };
        _limiter = PartitionedRateLimiter.Create<string, string>(caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => limits));
    }

    /// <summary>Null: so many may be made. Else why not, and none was counted.</summary>
    public ApiProblem? Take(ClaimsPrincipal caller, int calls)
    {
        using var lease = _limiter?.AttemptAcquire(ApiCaller.NameOf(caller) ?? "", calls);
        if (lease is null or { IsAcquired: true })
        {
            return null;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? (int)Math.Ceiling(after.TotalSeconds) : 1;
        return ApiProblem.TooManyCalls(Math.Max(1, wait));
    }

    public void Dispose() => _limiter?.Dispose();
}
