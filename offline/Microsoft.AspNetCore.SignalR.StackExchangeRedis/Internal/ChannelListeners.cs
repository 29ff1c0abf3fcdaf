using System.Collections.Concurrent;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>The clients of this node that listen to one channel. Changes are made one at a time.</summary>
internal sealed class ChannelListeners(string channel, RedisBus bus)
{
    private readonly ConcurrentDictionary<LocalConnection, byte> _connections = new();
    private RedisSubscription? _subscription;

    public bool IsEmpty => _connections.IsEmpty;

    public string Channel => channel;

    public async Task AddAsync(LocalConnection connection, Func<ChannelListeners, byte[]?, Task> receive)
    {
        if (!connection.TryHold(channel))
        {
            return;
        }

        _connections.TryAdd(connection, 0);
        if (_subscription is not null)
        {
            return;
        }

        try
        {
            _subscription = await bus.SubscribeAsync(channel, frame => receive(this, frame)).ConfigureAwait(false);
        }
        catch
        {
            // Otherwise the next one would find a listener, skip the subscribing and hear nothing.
            _connections.TryRemove(connection, out _);
            connection.LetGo(channel);
            throw;
        }
    }

    public async Task RemoveAsync(LocalConnection connection)
    {
        connection.LetGo(channel);
        if (_connections.TryRemove(connection, out _) && _connections.IsEmpty && _subscription is { } subscription)
        {
            _subscription = null;
            await bus.UnsubscribeAsync(subscription).ConfigureAwait(false);
        }
    }

    public void Deliver(SignalFrame signal) => Deliver(signal, _connections.Select(entry => entry.Key));

    public static void Deliver(SignalFrame signal, IEnumerable<LocalConnection> connections)
    {
        var excluded = signal.Excluded.Count == 0 ? null : signal.Excluded.ToHashSet(StringComparer.Ordinal);
        foreach (var connection in connections)
        {
            if (excluded?.Contains(connection.Id) != true)
            {
                connection.Deliver(signal.Call);
            }
        }
    }
}
