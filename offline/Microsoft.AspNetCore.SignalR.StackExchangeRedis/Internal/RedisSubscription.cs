using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>One channel that this node listens to. What comes is received in order, one at a time.</summary>
/// <remarks>The client of Redis subscribes anew by itself when a connection is back, mostly: what it lost track of while it
/// reconnected stays silent for ever. So after a connection broke, each subscription must hear itself, or is made anew.</remarks>
internal sealed class RedisSubscription(
    ISubscriber subscriber, string channel, Func<byte[]?, Task> receive, SignalLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1); // guards _queue
    private readonly RedisChannel _name = new(channel, RedisChannel.PatternMode.Literal);
    private readonly byte[] _probe = FrameWriter.Probe(Guid.NewGuid().ToString("N"));
    private volatile TaskCompletionSource _heard = new();
    private ChannelMessageQueue? _queue;
    private volatile bool _isEnded;
    private volatile bool _isDoubtful;

    public string Channel => channel;

    /// <summary>Whether it may be silent without knowing.</summary>
    public bool IsDoubtful => _isDoubtful || IsLost;

    private bool IsLost => subscriber.SubscribedEndpoint(_name) is null;

    public void Doubt() => _isDoubtful = true;

    /// <summary>Ends the doubt: listens for what it publishes itself, and makes the subscription anew if that is not heard.</summary>
    /// <exception cref="RedisException">Redis is away; the doubt remains.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; the doubt remains.</exception>
    public async Task ReviveAsync()
    {
        if (!IsLost)
        {
            var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _heard = heard;
            _isDoubtful = false; // first: what breaks from here on is another doubt
            try
            {
                await subscriber.PingAsync().WithinAsync(limits, time, "PING").ConfigureAwait(false); // behind what the client subscribes to anew
                await subscriber.PublishAsync(_name, _probe).WithinAsync(limits, time, "PUBLISH").ConfigureAwait(false);
                await heard.Task.WaitAsync(limits.ProbeAnswer, time).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!heard.Task.IsCompleted)
            {
                _isDoubtful = true; // deaf
            }
            catch
            {
                _isDoubtful = true;
                throw;
            }
        }

        await MakeAsync(again: true).ConfigureAwait(false);
    }

    /// <summary>Subscribes, or does so anew. Returns once Redis has acknowledged: what is published after that arrives.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    public async Task MakeAsync(bool again = false)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isEnded || (again && !IsDoubtful))
            {
                return; // or made meanwhile
            }

            _isDoubtful = false; // first: what breaks from here on is another doubt
            var old = _queue;
            _queue = null;
            old?.UnsubscribeAsync(CommandFlags.FireAndForget).GetAwaiter().GetResult(); // waits for nobody; Redis gets both at once
            try
            {
                _queue = await SubscribeAsync().ConfigureAwait(false);
            }
            catch
            {
                _isDoubtful = true;
                throw;
            }

            if (_isEnded)
            {
                Dispose(); // came in between, and found nothing yet
                return;
            }

            await (old?.Completion ?? Task.CompletedTask).ConfigureAwait(false); // what came before comes first
            _queue.OnMessage(message => ReceiveAsync(message.Message));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Never throws: for this node it is over in any case.</summary>
    public async Task EndAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _isEnded = true;
            await (_queue?.UnsubscribeAsync() ?? Task.CompletedTask).WaitAsync(limits.RedisAnswer, time).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.UnsubscribeFailed(failure, channel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>As <see cref="EndAsync"/>, without waiting for Redis or whoever has the turn.</summary>
    public void Dispose()
    {
        _isEnded = true;
        try
        {
            _queue?.UnsubscribeAsync(CommandFlags.FireAndForget).GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            // The connection went first, and the subscriptions with it; the client then throws anything, null references even.
            logger.UnsubscribedByTheEnd(failure, channel);
        }
    }

    private async Task<ChannelMessageQueue> SubscribeAsync()
    {
        var subscribing = subscriber.SubscribeAsync(_name);
        // Where another subscription of the channel has not been confirmed yet, the client says yes at once.
        var isConfirmed = !subscribing.IsCompletedSuccessfully;
        ChannelMessageQueue queue;
        try
        {
            queue = await subscribing.WithinAsync(limits, time, "SUBSCRIBE").ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _ = EndWhenMadeAsync(subscribing);
            throw;
        }

        try
        {
            if (!isConfirmed || subscriber.SubscribedEndpoint(_name) is null)
            {
                await subscriber.PingAsync().WithinAsync(limits, time, "PING").ConfigureAwait(false); // says why not, if so
                if (subscriber.SubscribedEndpoint(_name) is null)
                {
                    throw new TimeoutException($"Redis came back too late to subscribe to {channel}.");
                }
            }

            return queue;
        }
        catch
        {
            await queue.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
            throw;
        }
    }

    // Otherwise it would be one that nobody knows of, and never end.
    private async Task EndWhenMadeAsync(Task<ChannelMessageQueue> subscribing)
    {
        try
        {
            var queue = await subscribing.ConfigureAwait(false);
            await queue.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.UnsubscribeFailed(failure, channel);
        }
    }

    private async Task ReceiveAsync(byte[]? frame)
    {
        if (frame is [FrameReader.Mark, (byte)FrameKind.Probe, ..])
        {
            if (frame.AsSpan().SequenceEqual(_probe))
            {
                _heard.TrySetResult();
            }

            return; // another node's, else
        }

        try
        {
            await receive(frame).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            logger.ReceiveFailed(failure, channel);
        }
    }
}
