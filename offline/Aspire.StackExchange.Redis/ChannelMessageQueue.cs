using System.Diagnostics;
using System.Threading.Channels;

namespace StackExchange.Redis;

/// <summary>One message that was published.</summary>
public readonly record struct ChannelMessage(RedisChannel SubscriptionChannel, RedisChannel Channel, RedisValue Message);

/// <summary>What arrives on one subscription, in the order Redis sent it, handled one at a time.</summary>
public sealed class ChannelMessageQueue
{
    private readonly ISubscriber _subscriber;
    private readonly Action<RedisChannel, RedisValue> _enqueue;

    // Unbounded like the later client's own: what Redis pushes cannot be pushed back.
    private readonly Channel<ChannelMessage> _messages =
        System.Threading.Channels.Channel.CreateUnbounded<ChannelMessage>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private Task? _handling;

    internal ChannelMessageQueue(ISubscriber subscriber, RedisChannel channel)
    {
        _subscriber = subscriber;
        Channel = channel;
        _enqueue = (from, message) => _messages.Writer.TryWrite(new ChannelMessage(Channel, from, message));
    }

    /// <summary>What was subscribed to.</summary>
    public RedisChannel Channel { get; }

    /// <summary>Ends after <see cref="UnsubscribeAsync"/>, when the last message has been handled.</summary>
    public Task Completion => _handling ?? _messages.Reader.Completion;

    /// <summary>Handles every message, in order; the next one waits for the handler.</summary>
    public void OnMessage(Action<ChannelMessage> handler) =>
        OnMessage(message =>
        {
            handler(message);
            return Task.CompletedTask;
        });

    /// <inheritdoc cref="OnMessage(Action{ChannelMessage})"/>
    public void OnMessage(Func<ChannelMessage, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (_handling is not null)
        {
            throw new InvalidOperationException("Only one handler can be attached to a subscription.");
        }

        _handling = HandleAsync(handler);
    }

    /// <summary>Waits for the next message.</summary>
    public ValueTask<ChannelMessage> ReadAsync(CancellationToken cancellationToken = default) =>
        _messages.Reader.ReadAsync(cancellationToken);

    /// <summary>Ends the subscription and the queue.</summary>
    public async Task UnsubscribeAsync(CommandFlags flags = CommandFlags.None)
    {
        _messages.Writer.TryComplete();
        var unsubscribing = _subscriber.UnsubscribeAsync(Channel, _enqueue, flags);
        if ((flags & CommandFlags.FireAndForget) == 0) // else this client never ends the task
        {
            await unsubscribing.ConfigureAwait(false);
        }
    }

    internal Task SubscribeAsync(CommandFlags flags) => _subscriber.SubscribeAsync(Channel, _enqueue, flags);

    private async Task HandleAsync(Func<ChannelMessage, Task> handler)
    {
        await foreach (var message in _messages.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await handler(message).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                // As in the later client: one bad message must not end the subscription.
                Trace.TraceError($"A handler of {Channel} failed: {failure}");
            }
        }
    }
}

/// <summary>Gives StackExchange.Redis 1.2.6 the subscriptions of the later versions.</summary>
public static class ChannelMessageQueueExtensions
{
    /// <summary>Subscribes; returns once Redis has acknowledged, so whatever is published after that arrives.</summary>
    public static async Task<ChannelMessageQueue> SubscribeAsync(
        this ISubscriber subscriber, RedisChannel channel, CommandFlags flags = CommandFlags.None)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        var queue = new ChannelMessageQueue(subscriber, channel);
        try
        {
            await queue.SubscribeAsync(flags).ConfigureAwait(false);
            return queue;
        }
        catch
        {
            // The client keeps what it could not subscribe to, to try again when it reconnects; here nobody could end it.
            await queue.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
            throw;
        }
    }
}
