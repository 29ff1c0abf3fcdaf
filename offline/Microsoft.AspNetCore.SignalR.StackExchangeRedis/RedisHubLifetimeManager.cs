using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

/// <summary>The connections of one hub on one node, which reaches those on the others over Redis.</summary>
/// <remarks>
/// What is sent goes through Redis and comes back to local clients as well, so that all clients of a channel (all, a
/// group, a user, a connection) see the order of Redis: one for all. It is written down once per protocol. At most once:
/// what is sent while Redis is away throws, and what others send then is missed.
/// </remarks>
public partial class RedisHubLifetimeManager<THub> : HubLifetimeManager<THub>, IDisposable
    where THub : Hub
{
    private readonly ConcurrentDictionary<string, LocalConnection> _connections = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _starting = new(1);
    private readonly string _node = Guid.NewGuid().ToString("N")[..12];
    private readonly SignalChannels _channels = new(typeof(THub).FullName!);
    private readonly ILogger _logger;
    private readonly SignalLimits _limits;
    private readonly TimeProvider _time;
    private readonly RedisBus _bus;
    private readonly ChannelTable _listeners;
    private readonly HubSerializer _serializer;
    private readonly PendingAnswers _answers = new();
    private readonly PendingResults _results;
    private RedisSubscription? _all;
    private RedisSubscription? _inbox;
    private volatile bool _isStarted;

    public RedisHubLifetimeManager(
        ILogger<RedisHubLifetimeManager<THub>> logger, IOptions<RedisOptions> options, IHubProtocolResolver hubProtocolResolver)
        : this(logger, options, hubProtocolResolver, globalHubOptions: null, hubOptions: null)
    {
    }

    public RedisHubLifetimeManager(
        ILogger<RedisHubLifetimeManager<THub>> logger,
        IOptions<RedisOptions> options,
        IHubProtocolResolver hubProtocolResolver,
        IOptions<HubOptions>? globalHubOptions,
        IOptions<HubOptions<THub>>? hubOptions)
        : this(logger, options, hubProtocolResolver, globalHubOptions, hubOptions, SignalLimits.Default, TimeProvider.System)
    {
    }

    internal RedisHubLifetimeManager(
        ILogger<RedisHubLifetimeManager<THub>> logger,
        IOptions<RedisOptions> options,
        IHubProtocolResolver hubProtocolResolver,
        IOptions<HubOptions>? globalHubOptions,
        IOptions<HubOptions<THub>>? hubOptions,
        SignalLimits limits,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hubProtocolResolver);
        _logger = logger;
        _limits = limits;
        _time = time;
        _bus = new RedisBus(options.Value, limits, time, logger);
        _listeners = new ChannelTable(_bus);
        _serializer = new HubSerializer(hubProtocolResolver, (hubOptions?.Value ?? globalHubOptions?.Value)?.SupportedProtocols);
        _results = new PendingResults(_node, _serializer, logger);
    }

    /// <summary>What this node holds on behalf of clients and questions; nothing, when all have gone.</summary>
    internal int Held => _connections.Count + _listeners.Count + _answers.Count + _results.Count;

    /// <summary>Returns when whatever is sent to the connection, or to its user, arrives.</summary>
    /// <exception cref="RedisException">Redis is away: the connection can't be served.</exception>
    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var local = new LocalConnection(connection, _limits, _logger);
        _connections[local.Id] = local;
        try
        {
            await StartAsync(CancellationToken.None).ConfigureAwait(false);
            await Task.WhenAll(
                _listeners.AddAsync(_channels.Connection(local.Id), local, (_, frame) => ReceiveForAsync(local, frame), CancellationToken.None),
                string.IsNullOrEmpty(connection.UserIdentifier)
                    ? Task.CompletedTask
                    : _listeners.AddAsync(_channels.User(connection.UserIdentifier), local, ReceiveAsync, CancellationToken.None)).ConfigureAwait(false);
        }
        catch
        {
            await ForgetAsync(local).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Never throws: it is the end, whatever Redis says.</summary>
    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (_connections.TryGetValue(connection.ConnectionId, out var local) && local.Context == connection)
        {
            await ForgetAsync(local).ConfigureAwait(false);
        }
    }

    /// <summary>Ends every subscription and everybody's waiting. Redis itself is left connected if it came from a factory.</summary>
    public void Dispose()
    {
        _bus.Dispose();
        _answers.Dispose();
        _results.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ForgetAsync(LocalConnection local)
    {
        // First, so that nothing finds it any more; then what it held, to which nothing can be added once it is closed.
        _connections.TryRemove(new(local.Id, local));
        await Task.WhenAll(local.Close().Select(channel => _listeners.RemoveAsync(channel, local, CancellationToken.None))).ConfigureAwait(false);
        await _results.FailAsync(local.Id).ConfigureAwait(false);
    }

    // Not in the constructor: a Redis that is away would be nobody's error. What fails here is tried again by the next one.
    private async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_isStarted)
        {
            return;
        }

        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isStarted)
            {
                _inbox ??= await _bus.SubscribeAsync(_channels.Node(_node), ReceiveAnswerAsync).ConfigureAwait(false);
                _all ??= await _bus.SubscribeAsync(_channels.All, ReceiveForAllAsync).ConfigureAwait(false);
                _isStarted = true;
                _logger.Started(typeof(THub).Name, _node);
            }
        }
        finally
        {
            _starting.Release();
        }
    }
}
