using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Edge.Proxy.Requests;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Edge.Proxy.Arrivals;

/// <summary>Limits how many clients may connect at a time, so that those who all return at once do no harm to those who are here.</summary>
internal sealed partial class ArrivalLimits : IDisposable
{
    // Shorter than the clients' patience, and than the time in which a queue of sockets becomes a burden of its own.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private const int AddressBurstSeconds = 10; // a page with several tabs, or a household

    private readonly TokenBucketRateLimiter? _rate;
    private readonly PartitionedRateLimiter<HttpContext>? _addressRate;
    private readonly ConcurrencyLimiter _atOnce;
    private readonly EdgeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly NowAndThen _says;
    private readonly ILogger _logger;

    public ArrivalLimits(IOptions<EdgeOptions> options, EdgeMetrics metrics, TimeProvider time, ILogger<ArrivalLimits> logger)
    {
        var edge = options.Value;
        _metrics = metrics;
        _time = time;
        _says = new NowAndThen(time);
        _logger = logger;
        _rate = edge.ConnectionsPerSecond == 0 ? null : new TokenBucketRateLimiter(Bucket(edge.ConnectionsPerSecond, burst: edge.ConnectionsPerSecond));
        _addressRate = edge.AddressConnectionsPerSecond == 0 ? null : PartitionedRateLimiter.Create<HttpContext, IPAddress>(http =>
            RateLimitPartition.GetTokenBucketLimiter(
                AddressOf(http), _ => Bucket(edge.AddressConnectionsPerSecond, AddressBurstSeconds * edge.AddressConnectionsPerSecond)));
        _atOnce = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = edge.UpgradesAtOnce == 0 ? int.MaxValue : edge.UpgradesAtOnce,
            QueueLimit = edge.UpgradesWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Counts one more client that connects. Returns the reason if it is refused.</summary>
    public EdgeRefusal? Count(HttpContext http)
    {
        if (_addressRate?.AttemptAcquire(http).IsAcquired == false)
        {
            return Refused(EdgeRefusal.AddressRate);
        }

        return _rate?.AttemptAcquire().IsAcquired == false ? Refused(EdgeRefusal.Rate) : null;
    }

    /// <summary>Takes a place among the requests that nodes are being asked for, after a short wait if need be.</summary>
    /// <returns>The place, to be given back once the node has answered; null if there was none.</returns>
    public async ValueTask<RateLimitLease?> EnterAsync(HttpContext http)
    {
        var place = _atOnce.AttemptAcquire();
        place = place.IsAcquired ? place : await WaitAsync(http.RequestAborted);
        if (place?.IsAcquired == true)
        {
            return place;
        }

        Refused(EdgeRefusal.AtOnce);
        return null;
    }

    public void Dispose()
    {
        _rate?.Dispose();
        _addressRate?.Dispose();
        _atOnce.Dispose();
    }

    private async Task<RateLimitLease?> WaitAsync(CancellationToken aborted)
    {
        using var late = new CancellationTokenSource(LongestWait, _time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted, late.Token);
        try
        {
            return await _atOnce.AcquireAsync(1, patience.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private EdgeRefusal Refused(EdgeRefusal reason)
    {
        _metrics.Refused(reason);
        if (reason != EdgeRefusal.AddressRate && _says.IsTime())
        {
            LogBusy(reason == EdgeRefusal.Rate ? nameof(EdgeOptions.ConnectionsPerSecond) : nameof(EdgeOptions.UpgradesAtOnce));
        }

        return reason;
    }

    // Tokens are added every tenth of a second, or less often if that would be less than one token.
    private static TokenBucketRateLimiterOptions Bucket(int perSecond, int burst)
    {
        var step = Math.Max(1, perSecond / 10);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = step,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)step / perSecond),
            QueueLimit = 0,
        };
    }

    // The address of the TCP connection, or that of the platform's forwarded headers where those are trusted. For IPv6, only the network (/64)
    // counts: a client has as many addresses in it as it likes.
    private static IPAddress AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    [LoggerMessage(EventName = "EdgeBusy", Level = LogLevel.Warning, Message = "More clients are connecting than Edge:{Setting} lets in; some are told to come back in a few seconds")]
    private partial void LogBusy(string setting);
}
