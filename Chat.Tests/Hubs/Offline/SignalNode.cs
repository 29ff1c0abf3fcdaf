using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Tests.Hubs.Offline;

/// <summary>One node's share of a hub, with a connection to Redis of its own.</summary>
internal sealed class SignalNode : IHubProtocolResolver, IAsyncDisposable
{
    private readonly ConcurrentBag<SignalClient> _clients = [];
    private readonly ConnectionMultiplexer _redis;

    private SignalNode(ConnectionMultiplexer redis, IConnectionMultiplexer? shared, SignalLimits limits)
    {
        _redis = redis;
        Hub = new RedisHubLifetimeManager<SignalHub>(
            NullLogger<RedisHubLifetimeManager<SignalHub>>.Instance,
            Options.Create(new RedisOptions { ConnectionFactory = _ => Task.FromResult(shared ?? redis) }),
            this,
            globalHubOptions: null,
            hubOptions: null,
            limits,
            TimeProvider.System);
    }

    public RedisHubLifetimeManager<SignalHub> Hub { get; }

    public IConnectionMultiplexer Redis => _redis;

    public CountingProtocol Json { get; } = new("json");

    public CountingProtocol Other { get; } = new("other");

    IReadOnlyList<IHubProtocol> IHubProtocolResolver.AllProtocols => [Json, Other];

    /// <param name="redis">Where Redis is, or is not yet.</param>
    /// <param name="limits">Shorter ones than usual.</param>
    /// <param name="wrap">Puts something between the node and its connection.</param>
    public static async Task<SignalNode> StartAsync(string redis, SignalLimits? limits = null, Func<IConnectionMultiplexer, IConnectionMultiplexer>? wrap = null)
    {
        var options = ConfigurationOptions.Parse(redis + ",abortConnect=false,connectTimeout=10000");
        options.ReconnectRetryPolicy = new LinearRetry(3000); // else the connect timeout
        var connection = await ConnectionMultiplexer.ConnectAsync(options);
        return new SignalNode(connection, wrap?.Invoke(connection), limits ?? SignalLimits.Default);
    }

    public SignalClient NewClient(string? user = null, IHubProtocol? protocol = null, int room = 1024 * 1024)
    {
        var client = new SignalClient(Hub, protocol ?? Json, user, room);
        _clients.Add(client);
        return client;
    }

    public async Task<SignalClient> ConnectAsync(string? user = null, IHubProtocol? protocol = null, int room = 1024 * 1024)
    {
        var client = NewClient(user, protocol, room);
        await client.ConnectAsync();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        Hub.Dispose();
        _redis.Close(allowCommandsToComplete: false);
    }

    IHubProtocol? IHubProtocolResolver.GetProtocol(string protocolName, IReadOnlyList<string>? supportedProtocols) =>
        protocolName == Json.Name ? Json : protocolName == Other.Name ? Other : null;
}
