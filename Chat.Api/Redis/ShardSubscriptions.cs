using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The sharded channels to which this node listens, each at the server that owns its slot: one link per such server, made when
/// it is needed.</summary>
/// <remarks>
/// <para>Guarantee: the same as that of <see cref="RedisSubscriptions"/>. A wanted channel outlives its link and its server. When it is
/// heard again, its listener is told that it may have missed something in this channel, and in no other.</para>
/// <para>Mechanism: a server that loses a slot says for each channel that it is no longer subscribed. The node subscribes there once
/// more. The server answers with MOVED and the new owner, and the node then subscribes the whole slot there. Once a tick, the node also
/// compares where it listens to each slot with what the commands know of the cluster (<see cref="RedisCommands"/>). So it leaves a server
/// that is gone or has become a replica.</para>
/// <para>Failure: messages published between the loss and the new subscription are read from the log. Signals, which are in no log, are lost.</para>
/// </remarks>
internal sealed class ShardSubscriptions(
    RedisCommands commands, RedisKeys keys, string nodeId, ChannelListeners listeners, BackplaneOptions options, BackplaneMetrics metrics, ILogger logger) : IDisposable
{
    private const int MovesPerTick = 5; // for a while, two servers may each say that the other one has a slot
    private const int UnreadyAfter = 3; // ticks: a slot may be on its way from one server to another

    private readonly Lock _gate = new(); // guards what follows; never taken by a thread that holds a link's own lock
    private readonly Dictionary<int, ShardSlot> _slots = []; // those with wanted channels
    private readonly Dictionary<RespLink, ShardLink> _links = []; // by the link for commands to the same server
    private readonly Refusals _refusals = new(TimeProvider.System, (count, last) => SubscriptionLog.Refused(logger, count, last));
    private int _moved; // slots, since the last tick
    private int _deaf; // slots whose channels have not been heard, or not all of them, for too long

    /// <summary>Why subscriptions may be dead, or null.</summary>
    public string? Doubt
    {
        get
        {
            lock (_gate)
            {
                return _deaf > 0 ? $"Topics of {_deaf} slots are not subscribed." : _links.Values.Select(static link => link.Doubt).FirstOrDefault(static doubt => doubt is not null);
            }
        }
    }

    public void Dispose()
    {
        ShardLink[] links;
        lock (_gate)
        {
            links = [.. _links.Values];
        }

        Array.ForEach(links, static link => link.Dispose());
    }

    /// <inheritdoc cref="IBackplane.SubscribeAsync"/>
    public Task SubscribeAsync(byte[] name)
    {
        var number = RedisKeys.SlotOfChannel(name);
        var channel = new ShardChannel(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (!_slots.TryGetValue(number, out var slot))
            {
                slot = new ShardSlot();
                slot.Place(LinkTo_NeedsLock(commands.OwnerOf(number)));
            }

            if (slot.Link is { IsDown: true })
            {
                return Task.FromException(new BackplaneUnavailableException("Redis is not reachable."));
            }

            _slots[number] = slot;
            slot.Channels[Encoding.Latin1.GetString(name)] = channel;
            slot.Ask();
        }

        return ConfirmedAsync(name, channel);
    }

    public void Unsubscribe(byte[] name)
    {
        lock (_gate)
        {
            if (TryFind_NeedsLock(name) is ({ } slot, { } channel))
            {
                Remove_NeedsLock(name, slot);
                if (channel.IsAsked)
                {
                    slot.Link?.Unsubscribe([name]);
                }
            }
        }
    }

    /// <summary>Makes sure that each slot is listened to at its owner. Called once a tick.</summary>
    public void Tick()
    {
        ShardLink[] links, ended;
        int moved;
        lock (_gate)
        {
            foreach (var (number, slot) in _slots)
            {
                slot.Moves = 0;
                MoveToOwner_NeedsLock(number, slot);
                slot.TicksDeaf = slot.Channels.Values.All(static channel => channel.IsHeard) ? 0 : slot.TicksDeaf + 1;
            }

            _deaf = _slots.Values.Count(static slot => slot.TicksDeaf > UnreadyAfter);
            (moved, _moved) = (_moved, 0);
            var needed = _slots.Values.Select(static slot => slot.Link).ToHashSet();
            foreach (var link in _links.Values)
            {
                link.IsNeeded = needed.Contains(link);
            }

            ended = [.. _links.Values.Where(link => !link.IsNeeded && !commands.IsPrimary(link.Server))];
            Array.ForEach(ended, link => _links.Remove(link.Server));
            links = [.. _links.Values];
        }

        Array.ForEach(links, static link => link.OnTick());
        foreach (var link in ended)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static link => link.Dispose(), link, preferLocal: false); // it waits for its thread
        }

        _refusals.Tick();
        if (moved > 0)
        {
            metrics.SlotsMoved(moved);
            SubscriptionLog.Moved(logger, moved);
        }
    }

    /// <summary>Called when a link is up, before it is open to other callers: only what is sent in this method gets through.</summary>
    public void OnUp(ShardLink link)
    {
        metrics.Rebuilt();
        lock (_gate)
        {
            link.BeginAnew();
            Ask_NeedsLock(link);
        }
    }

    /// <summary>A link is open to all: asks for channels that became wanted in the moment before.</summary>
    public void OnOpen(ShardLink link)
    {
        lock (_gate)
        {
            link.EndGivenUp(); // first: some may be wanted again
            Ask_NeedsLock(link);
        }
    }

    public void OnDown(ShardLink link, string reason, bool isNews)
    {
        List<ShardChannel> failed = [];
        lock (_gate)
        {
            foreach (var (number, slot) in _slots.Where(slot => slot.Value.Link == link).ToArray())
            {
                foreach (var (name, channel) in slot.Channels.Where(static channel => !channel.Value.Confirmation.Task.IsCompleted).ToArray())
                {
                    failed.Add(channel);
                    slot.Channels.Remove(name);
                }

                foreach (var channel in slot.Channels.Values)
                {
                    channel.Lost();
                }

                if (slot.Channels.Count == 0)
                {
                    _slots.Remove(number);
                }
            }
        }

        failed.ForEach(static channel => channel.Confirmation.TrySetException(new BackplaneUnavailableException("The connection to Redis broke before it confirmed.")));
        if (isNews)
        {
            SubscriptionLog.Down(logger, reason);
        }
    }

    public void OnSubscribed(ShardLink link, ReadOnlySpan<byte> name)
    {
        bool isAgain;
        lock (_gate)
        {
            isAgain = TryFind_NeedsLock(name) is ({ } slot, { } channel) && slot.Link == link && channel.Confirmed();
        }

        if (isAgain)
        {
            listeners.Restored(name);
        }
    }

    /// <summary>Either the node asked for this, or the server has lost the slot.</summary>
    public void OnUnsubscribed(ShardLink link, ReadOnlySpan<byte> name)
    {
        lock (_gate)
        {
            // A channel that is not heard yet was given up, is wanted again, and will be confirmed.
            if (TryFind_NeedsLock(name) is ({ } slot, { IsHeard: true } channel) && slot.Link == link)
            {
                channel.Lost();
                slot.Ask(); // the answer tells where the slot is
            }
        }
    }

    /// <summary>A server has refused to subscribe.</summary>
    /// <param name="link">The link to that server.</param>
    /// <param name="error">The server's error.</param>
    /// <param name="moved">The slot that is elsewhere, as the commands know by now; -1 if the server refused for another reason.</param>
    public void OnRefused(ShardLink link, string error, int moved)
    {
        if (moved < 0)
        {
            _refusals.Add(error);
        }

        lock (_gate)
        {
            if (moved < 0)
            {
                // The error does not say which channels are refused. Those that are confirmed all the same are asked for once more than necessary.
                foreach (var channel in _slots.Values.Where(slot => slot.Link == link).SelectMany(static slot => slot.Channels.Values).Where(static channel => !channel.IsHeard))
                {
                    channel.IsAsked = false; // until the next tick
                }
            }
            else if (_slots.TryGetValue(moved, out var slot) && slot.Link == link)
            {
                _moved++;
                slot.Place(++slot.Moves > MovesPerTick ? null : LinkTo_NeedsLock(commands.OwnerOf(moved)));
            }
        }
    }

    private void MoveToOwner_NeedsLock(int number, ShardSlot slot)
    {
        var owner = commands.OwnerOf(number);
        if (slot.Link?.Server == owner)
        {
            slot.Ask();
            return;
        }

        if (slot.Link is { } left)
        {
            _moved++;
            left.Unsubscribe([.. slot.Channels.Keys.Select(Encoding.Latin1.GetBytes)]);
        }

        slot.Place(LinkTo_NeedsLock(owner));
    }

    private void Ask_NeedsLock(ShardLink link)
    {
        foreach (var slot in _slots.Values.Where(slot => slot.Link == link))
        {
            slot.Ask();
        }
    }

    private ShardLink LinkTo_NeedsLock(RespLink server)
    {
        if (!_links.TryGetValue(server, out var link))
        {
            link = _links[server] = new ShardLink(server, this, commands, keys, nodeId, listeners, options, logger);
            link.Start();
        }

        link.IsNeeded = true;
        return link;
    }

    private (ShardSlot? Slot, ShardChannel? Channel) TryFind_NeedsLock(ReadOnlySpan<byte> name) =>
        _slots.TryGetValue(RedisKeys.SlotOfChannel(name), out var slot) && slot.Channels.TryGetValue(Encoding.Latin1.GetString(name), out var channel)
            ? (slot, channel)
            : default;

    private void Remove_NeedsLock(byte[] name, ShardSlot slot)
    {
        slot.Channels.Remove(Encoding.Latin1.GetString(name));
        if (slot.Channels.Count == 0)
        {
            _slots.Remove(RedisKeys.SlotOfChannel(name));
        }
    }

    private async Task ConfirmedAsync(byte[] name, ShardChannel channel)
    {
        try
        {
            await channel.Confirmation.Task.WaitAsync(options.CommandTimeout);
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                // A confirmation that comes just now must not leave a channel that nobody unsubscribes.
                if (TryFind_NeedsLock(name) is ({ } slot, { } wanted) && wanted == channel)
                {
                    Remove_NeedsLock(name, slot);
                    if (channel.IsAsked)
                    {
                        slot.Link?.Break(); // what the server now thinks of this channel is unknown; the next link starts clean
                    }
                }
            }

            throw new BackplaneUnavailableException("Redis did not confirm a subscription in time.");
        }
    }
}
