using Chat.Api.Messages;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>The authority's name and public keys.</summary>
/// <remarks>The library fetches them when they are first needed, and again in the background once they are old or a token has an unknown key. That
/// token is refused; tokens after the fetch are not. Known keys stay in use until newer ones arrive, so an authority that is away affects only tokens
/// with unknown keys. This class adds log messages and a pause: without keys, the library would ask again for every single token.</remarks>
internal sealed partial class IssuerConfiguration : IConfigurationRetriever<OpenIdConnectConfiguration>, IDisposable
{
    /// <summary>Only algorithms with a private key: anybody can check their signatures, and only the issuer can make them.</summary>
    public static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private volatile Failure? _failure;

    public IssuerConfiguration(IOptions<AuthOptions> options, IHostEnvironment environment, TimeProvider time, ILogger<IssuerConfiguration> logger)
    {
        _time = time;
        _logger = logger;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) // sees changes of DNS
        {
            MaxResponseContentBufferSize = 1024 * 1024,
            Timeout = TimeSpan.FromSeconds(10),
        };
        if (options.Value.Authority is { } authority)
        {
            var documents = new IssuerDocuments(_http, requireHttps: !environment.IsDevelopment());
            Source = new ConfigurationManager<OpenIdConnectConfiguration>(authority.TrimEnd('/') + "/.well-known/openid-configuration", this, documents)
            {
                AutomaticRefreshInterval = options.Value.KeyAge,
                RefreshInterval = options.Value.RefreshInterval,
                // A key that the issuer has withdrawn must not be accepted for another hour.
                UseLastKnownGoodConfiguration = false,
            };
        }
    }

    /// <summary>Null if there is no authority.</summary>
    public ConfigurationManager<OpenIdConnectConfiguration>? Source { get; }

    /// <summary>Whether the authority's keys are known. The first caller fetches them.</summary>
    public async ValueTask<bool> IsKnownAsync()
    {
        try
        {
            return Source is not null && await Source.GetConfigurationAsync(CancellationToken.None) is not null;
        }
        catch (InvalidOperationException)
        {
            return false; // it has been logged where it failed
        }
    }

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel)
    {
        var before = _failure;
        if (before is not null && _time.GetElapsedTime(before.At) < RetryInterval)
        {
            throw new InvalidOperationException(before.Reason);
        }

        try
        {
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, retriever, cancel);
            var keys = configuration.SigningKeys.OfType<AsymmetricSecurityKey>().Count();
            if (string.IsNullOrEmpty(configuration.Issuer) || keys == 0)
            {
                throw new InvalidOperationException("The configuration names no issuer, or has no public key to check signatures with.");
            }

            _failure = null;
            var issuer = LogText.Of(configuration.Issuer);
            Log.Fetched(_logger, keys, issuer);
            return configuration;
        }
        catch (Exception exception)
        {
            var reason = LogText.Of(exception.GetBaseException().Message);
            var level = before is null ? LogLevel.Warning : LogLevel.Debug; // one warning only, however long the issuer stays away
            _failure = new Failure(reason, _time.GetTimestamp());
            Log.NotFetched(_logger, level, address, reason);
            throw;
        }
    }

    public void Dispose() => _http.Dispose(); // ends a fetch

    private sealed record Failure(string Reason, long At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "IssuerKeysFetched", Message = "Fetched {Keys} keys of the issuer {Issuer}.")]
        public static partial void Fetched(ILogger logger, int keys, string issuer);

        [LoggerMessage(EventName = "IssuerKeysNotFetched",
            Message = "The issuer's configuration at {Address} cannot be fetched: {Reason} Tokens signed with keys that are not known already are refused.")]
        public static partial void NotFetched(ILogger logger, LogLevel level, string address, string reason);
    }
}
