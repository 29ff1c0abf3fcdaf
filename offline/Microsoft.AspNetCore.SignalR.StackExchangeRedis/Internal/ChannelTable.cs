using System.Runtime.InteropServices;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Which clients of this node listen to which channel.</summary>
/// <remarks>Invariant: a channel with a listener is subscribed to at Redis, one without is not. Changes to one channel
/// run one at a time; two channels never wait for each other.</remarks>
internal sealed class ChannelTable(RedisBus bus)
{
    private readonly Lock _gate = new(); // guards _channels and every Visitors
    private readonly Dictionary<string, Channel> _channels = [];

    /// <summary>Channels with a listener, or about to have one or to lose the last.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _channels.Count;
            }
        }
    }

    /// <summary>Returns once Redis has acknowledged: what is published after that arrives. Does nothing for a client that has gone.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="connection">Who listens.</param>
    /// <param name="receive">What happens to what comes; the same for all who listen to the channel.</param>
    /// <param name="cancellationToken">Ends waiting for others, not the subscribing, which has an end of its own.</param>
    public async Task AddAsync(string name, LocalConnection connection, Func<ChannelListeners, byte[]?, Task> receive, CancellationToken cancellationToken)
    {
        var channel = Enter(name);
        try
        {
            await channel.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await channel.Listeners.AddAsync(connection, receive).ConfigureAwait(false);
            }
            finally
            {
                channel.Turn.Release();
            }
        }
        finally
        {
            Leave(name, channel);
        }
    }

    /// <summary>Returns when the client hears nothing more of the channel. Throws only if cancelled while it waits for others.</summary>
    public async Task RemoveAsync(string name, LocalConnection connection, CancellationToken cancellationToken)
    {
        var channel = Enter(name);
        try
        {
            await channel.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await channel.Listeners.RemoveAsync(connection).ConfigureAwait(false);
            }
            finally
            {
                channel.Turn.Release();
            }
        }
        finally
        {
            Leave(name, channel);
        }
    }

    private Channel Enter(string name)
    {
        lock (_gate)
        {
            ref var channel = ref CollectionsMarshal.GetValueRefOrAddDefault(_channels, name, out _);
            channel ??= new Channel(new ChannelListeners(name, bus));
            channel.Visitors++;
            return channel;
        }
    }

    private void Leave(string name, Channel channel)
    {
        lock (_gate)
        {
            if (--channel.Visitors == 0 && channel.Listeners.IsEmpty)
            {
                _channels.Remove(name);
            }
        }
    }

    private sealed class Channel(ChannelListeners listeners)
    {
        public ChannelListeners Listeners => listeners;

        /// <summary>Whose turn it is to change the listeners.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        /// <summary>Who has, or waits for, a turn.</summary>
        public int Visitors { get; set; }
    }
}
