using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>The authority's keys: fetched when first needed, again when they are old or a token has an unknown one.</summary>
/// <remarks>One fetch at a time, for all who wait. Keys once known stay in use until newer ones have come, so an authority
/// that is away bothers only tokens with keys nobody knows. Not the library's ConfigurationManager: whether a refresh
/// that is asked for is there when it returns differs between its versions, and its clock cannot be moved by a test.</remarks>
internal sealed partial class IssuerKeys : IAsyncDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FetchTime = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new(); // guards _known, _fetching, _triedAt, _failed
    private readonly AuthOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly IssuerDocuments _documents;
    private IssuerKeySet? _known;
    private Task<IssuerKeySet?>? _fetching;
    private long _triedAt;
    private bool _failed;

    public IssuerKeys(IOptions<AuthOptions> options, IHostEnvironment environment, TimeProvider time, ILogger<IssuerKeys> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) // sees changes of DNS
        {
            MaxResponseContentBufferSize = 1024 * 1024,
        };
        _documents = new IssuerDocuments(_http, requireHttps: !environment.IsDevelopment());
    }

    public bool IsConfigured => _options.Authority is not null;

    /// <summary>The keys, or null: they are not known and cannot be fetched now.</summary>
    public Task<IssuerKeySet?> GetAsync()
    {
        lock (_gate)
        {
            if (_known is { } known)
            {
                if (_time.GetElapsedTime(known.FetchedAt) >= _options.KeyAge)
                {
                    TryFetch_NeedsLock(); // nobody waits for it
                }

                return Task.FromResult<IssuerKeySet?>(known);
            }

            return TryFetch_NeedsLock() ?? Task.FromResult<IssuerKeySet?>(null);
        }
    }

    /// <summary>The keys after those seen; the same ones when there are no others, or it is not yet time to ask.</summary>
    public Task<IssuerKeySet?> NewerAsync(IssuerKeySet seen)
    {
        lock (_gate)
        {
            return (_known == seen ? TryFetch_NeedsLock() : null) ?? Task.FromResult(_known);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose(); // ends a fetch
        Task? fetching;
        lock (_gate)
        {
            fetching = _fetching;
        }

        await (fetching ?? Task.CompletedTask);
    }

    private Task<IssuerKeySet?>? TryFetch_NeedsLock()
    {
        if (_fetching is { IsCompleted: false } running)
        {
            return running;
        }

        var wait = _failed && RetryInterval < _options.RefreshInterval ? RetryInterval : _options.RefreshInterval;
        if (_fetching is not null && _time.GetElapsedTime(_triedAt) < wait)
        {
            return null;
        }

        _triedAt = _time.GetTimestamp();
        return _fetching = Task.Run(FetchAsync);
    }

    /// <summary>Never throws. Null: there are no keys, not even old ones.</summary>
    private async Task<IssuerKeySet?> FetchAsync()
    {
        try
        {
            using var deadline = new CancellationTokenSource(FetchTime);
            var address = _options.Authority!.TrimEnd('/') + "/.well-known/openid-configuration";
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, _documents, deadline.Token);
            SecurityKey[] keys = [.. configuration.SigningKeys.OfType<AsymmetricSecurityKey>()];
            if (string.IsNullOrEmpty(configuration.Issuer) || keys.Length == 0)
            {
                throw new InvalidOperationException("The configuration names no issuer, or has no public key to check signatures with.");
            }

            return Settle(new IssuerKeySet(configuration.Issuer, keys, _time.GetTimestamp()));
        }
        catch (Exception exception)
        {
            // Whatever is wrong with the authority: tokens with keys nobody knows are refused until it is right.
            return Fail(exception);
        }
    }

    private IssuerKeySet Settle(IssuerKeySet fetched)
    {
        lock (_gate)
        {
            _known = fetched;
            _failed = false;
        }

        Log.Fetched(_logger, fetched.Keys.Length, fetched.Issuer);
        return fetched;
    }

    private IssuerKeySet? Fail(Exception exception)
    {
        IssuerKeySet? known;
        bool isFirst;
        lock (_gate)
        {
            known = _known;
            isFirst = !_failed;
            _failed = true;
        }

        var reason = exception.GetBaseException().Message;
        var level = isFirst ? LogLevel.Warning : LogLevel.Debug; // once, however long it stays away
        var keys = known?.Keys.Length ?? 0;
        Log.NotFetched(_logger, level, _options.Authority, reason, keys);
        return known;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "IssuerKeysFetched", Message = "Fetched {Keys} keys of the issuer {Issuer}.")]
        public static partial void Fetched(ILogger logger, int keys, string issuer);

        [LoggerMessage(EventName = "IssuerKeysNotFetched",
            Message = "The keys of {Authority} cannot be fetched: {Reason} Tokens signed with others than the {Known} keys known are refused.")]
        public static partial void NotFetched(ILogger logger, LogLevel level, string? authority, string reason, int known);
    }
}
