using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Publishing and subscribing. Connects when first used, and again after a failure.</summary>
internal sealed class RedisBus(RedisOptions options, SignalLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan SecondConnection = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _connecting = new(1);
    private readonly ConcurrentDictionary<RedisSubscription, byte> _subscriptions = new();
    private readonly CancellationTokenSource _ending = new();
    private IConnectionMultiplexer? _redis;
    private Task? _keeping;
    private volatile ISubscriber? _subscriber;

    /// <summary>Returns how many nodes got it, as far as Redis can tell.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; it may have got it.</exception>
    public async Task<long> PublishAsync(string channel, byte[] frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var subscriber = _subscriber ?? await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return await subscriber.PublishAsync(Name(channel), frame).WithinAsync(limits, time, "PUBLISH", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Publishes what nobody is told about if it fails.</summary>
    public void Post(string channel, byte[] frame) =>
        _subscriber?.Publish(Name(channel), frame, CommandFlags.FireAndForget);

    /// <inheritdoc cref="RedisSubscription.MakeAsync"/>
    /// <remarks>Whoever fails here leaves nothing behind.</remarks>
    public async Task<RedisSubscription> SubscribeAsync(string channel, Func<byte[]?, Task> receive)
    {
        var subscriber = _subscriber ?? await ConnectAsync(CancellationToken.None).ConfigureAwait(false);
        var subscription = new RedisSubscription(subscriber, channel, receive, limits, time, logger);
        _subscriptions.TryAdd(subscription, 0); // first: what breaks meanwhile is to be told to it
        try
        {
            await MakeAsync(subscription).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, this);
            return subscription;
        }
        catch
        {
            await UnsubscribeAsync(subscription).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc cref="RedisSubscription.EndAsync"/>
    public Task UnsubscribeAsync(RedisSubscription subscription)
    {
        _subscriptions.TryRemove(subscription, out _);
        return subscription.EndAsync();
    }

    /// <summary>Whether <see cref="PublishAsync"/> counts every node that listens: in a cluster, each server knows its own only.</summary>
    public bool CountsAll()
    {
        var servers = _redis!.GetEndPoints();
        return servers.Length == 1 && _redis.GetServer(servers[0]).ServerType == ServerType.Standalone;
    }

    /// <summary>Ends the subscriptions. A connection that came from the factory is its owner's to end.</summary>
    public void Dispose()
    {
        _ending.Cancel(); // the keeping with it, which is at most in the midst of a subscription
        foreach (var subscription in _subscriptions.Keys)
        {
            subscription.Dispose();
        }

        if (_redis is { } redis)
        {
            redis.ConnectionFailed -= OnLost;
            redis.ConnectionRestored -= OnBack;
            if (options.ConnectionFactory is null)
            {
                redis.Dispose();
            }
        }
    }

    private static RedisChannel Name(string channel) => new(channel, RedisChannel.PatternMode.Literal);

    private async Task<ISubscriber> ConnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, this);
            if (_subscriber is not null)
            {
                return _subscriber;
            }

            using var log = new ConnectLog(logger);
            _redis = options.ConnectionFactory is { } connect
                ? await connect(log).ConfigureAwait(false)
                : await ConnectionMultiplexer.ConnectAsync(OwnConfiguration(), log).ConfigureAwait(false);
            _redis.ConnectionFailed += OnLost;
            _redis.ConnectionRestored += OnBack;
            _subscriber = _redis.GetSubscriber();
            _keeping = KeepAsync();
            return _subscriber;
        }
        finally
        {
            _connecting.Release();
        }
    }

    // The client has two connections, and says that it is connected when it still lacks the one for subscriptions.
    private async Task MakeAsync(RedisSubscription subscription)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await subscription.MakeAsync().ConfigureAwait(false);
                return;
            }
            catch (RedisException) when (_redis!.IsConnected && time.GetElapsedTime(started) < limits.RedisAnswer)
            {
                await Task.Delay(SecondConnection, time, _ending.Token).ConfigureAwait(false);
            }
        }
    }

    private ConfigurationOptions OwnConfiguration()
    {
        var configuration = options.Configuration.Clone();
        if (configuration.EndPoints.Count == 0)
        {
            configuration.EndPoints.Add("localhost:6379");
        }

        return configuration;
    }

    // After a connection broke: until every subscription has been heard, or made anew.
    private async Task KeepAsync()
    {
        using var timer = new PeriodicTimer(limits.SubscriptionCheck, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false))
            {
                var doubtful = _subscriptions.Keys.Where(subscription => subscription.IsDoubtful).ToArray();
                var failures = await Task.WhenAll(doubtful.Select(ReviveAsync)).ConfigureAwait(false);
                if (doubtful.Length > 0)
                {
                    logger.Resubscribed(doubtful.Length - failures.Count(failure => failure is not null), doubtful.Length, Array.Find(failures, failure => failure is not null));
                }
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The end.
        }
    }

    private static async Task<Exception?> ReviveAsync(RedisSubscription subscription)
    {
        try
        {
            await subscription.ReviveAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception failure)
        {
            return failure; // and it stays doubtful
        }
    }

    private void OnLost(object? sender, ConnectionFailedEventArgs lost)
    {
        logger.RedisLost(lost.Exception, lost.ConnectionType, lost.FailureType);
        DoubtAll();
    }

    private void OnBack(object? sender, ConnectionFailedEventArgs back)
    {
        logger.RedisBack(back.ConnectionType);
        DoubtAll();
    }

    private void DoubtAll()
    {
        foreach (var subscription in _subscriptions.Keys)
        {
            subscription.Doubt();
        }
    }
}
