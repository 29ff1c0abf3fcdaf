using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Publishing and subscribing, with an end to every wait. Connects when first used, and again after a failure.</summary>
internal sealed class RedisBus(RedisOptions options, SignalLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly ConcurrentDictionary<ChannelMessageQueue, byte> _subscriptions = new();
    private IConnectionMultiplexer? _redis;
    private volatile ISubscriber? _subscriber;
    private volatile bool _isDisposed;

    /// <summary>Returns how many nodes got it, as far as Redis can tell.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; it may have got it.</exception>
    public async Task<long> PublishAsync(string channel, byte[] frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var subscriber = _subscriber ?? await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return await AnswerAsync("PUBLISH", subscriber.PublishAsync(Name(channel), frame), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Publishes what nobody is told about if it fails.</summary>
    public void Post(string channel, byte[] frame) =>
        _subscriber?.Publish(Name(channel), frame, CommandFlags.FireAndForget);

    /// <summary>Returns once Redis has acknowledged: what is published after that arrives, in order, one at a time.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    /// <remarks>Whoever fails here leaves nothing behind: a subscription that nobody knows of would never end.</remarks>
    public async Task<ChannelMessageQueue> SubscribeAsync(string channel, Func<byte[]?, Task> receive)
    {
        var subscriber = _subscriber ?? await ConnectAsync(CancellationToken.None).ConfigureAwait(false);
        var subscribing = subscriber.SubscribeAsync(Name(channel));
        ChannelMessageQueue queue;
        try
        {
            queue = await AnswerAsync("SUBSCRIBE", subscribing, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _ = EndWhenMadeAsync(subscribing, channel);
            throw;
        }

        _subscriptions.TryAdd(queue, 0);
        if (_isDisposed || subscriber.SubscribedEndpoint(Name(channel)) is null)
        {
            await UnsubscribeAsync(queue).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // The client says yes to what it has told no server. Asked for more, it says why (and makes the exception, which is its own to make).
            await AnswerAsync("PING", subscriber.PingAsync(), CancellationToken.None).ConfigureAwait(false);
            throw new TimeoutException($"Redis came back too late to subscribe to {channel}.");
        }

        queue.OnMessage(message => ReceiveAsync(channel, message.Message, receive));
        return queue;
    }

    /// <summary>Never throws: for this node the subscription is over in any case.</summary>
    public async Task UnsubscribeAsync(ChannelMessageQueue queue)
    {
        _subscriptions.TryRemove(queue, out _);
        try
        {
            await queue.UnsubscribeAsync().WaitAsync(limits.RedisAnswer, time).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.UnsubscribeFailed(failure, queue.Channel.ToString());
        }
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
        _isDisposed = true;
        foreach (var queue in _subscriptions.Keys)
        {
            _subscriptions.TryRemove(queue, out _);
            try
            {
                // Nobody answers what is fired and forgotten: it is done when it returns.
                queue.UnsubscribeAsync(CommandFlags.FireAndForget).GetAwaiter().GetResult();
            }
            catch (Exception failure)
            {
                // The connection went first, and the subscriptions with it; the client then throws anything, null references even.
                logger.UnsubscribedByTheEnd(failure, queue.Channel.ToString());
            }
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
            ObjectDisposedException.ThrowIf(_isDisposed, this);
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
            return _subscriber = _redis.GetSubscriber();
        }
        finally
        {
            _connecting.Release();
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

    private async Task<T> AnswerAsync<T>(string command, Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(limits.RedisAnswer, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException timeout) when (!answer.IsCompleted)
        {
            throw new TimeoutException($"Redis did not answer {command} within {limits.RedisAnswer.TotalSeconds} s.", timeout);
        }
    }

    private async Task EndWhenMadeAsync(Task<ChannelMessageQueue> subscribing, string channel)
    {
        try
        {
            await UnsubscribeAsync(await subscribing.ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.UnsubscribeFailed(failure, channel);
        }
    }

    private async Task ReceiveAsync(string channel, byte[]? frame, Func<byte[]?, Task> receive)
    {
        try
        {
            await receive(frame).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.ReceiveFailed(failure, channel);
        }
    }

    private void OnLost(object? sender, ConnectionFailedEventArgs lost) => logger.RedisLost(lost.Exception, lost.ConnectionType, lost.FailureType);

    private void OnBack(object? sender, ConnectionFailedEventArgs back) => logger.RedisBack(back.ConnectionType);
}
