using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;

namespace Chat.Tests.Simulation;

/// <summary>Stands in for <see cref="RedisSubscriptions"/>: the wanted channels outlive the link and are subscribed again over the next one.</summary>
internal sealed class SimulatedSubscriptions : ILinkOwner
{
    private readonly World _world;
    private readonly SimulatedNode _node;
    private readonly IBackplaneListener _listener;
    private readonly SimulatedLink _link;
    private readonly SubscriptionTicks _ticks;
    private readonly NodeChannels _own;
    private readonly SortedSet<string> _wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _unconfirmed = new(StringComparer.Ordinal);
    private int _toRestore;
    private bool _isRestored;

    public SimulatedSubscriptions(
        World world, SimulatedRedis redis, SimulatedNode node, IBackplaneListener listener, BackplaneOptions options, RedisKeys keys)
    {
        (_world, _node, _listener) = (world, node, listener);
        _ticks = new SubscriptionTicks(options);
        _own = new NodeChannels(keys, node.Id, _ticks, listener);
        _link = new SimulatedLink(world, redis, node, this);
    }

    public string Name => "subscriptions";

    public SimulatedLink Link => _link;

    public void Connect() => _link.Connect();

    public bool IsAlive(out string reason)
    {
        reason = _isRestored ? _ticks.Doubt ?? "" : "Subscriptions are being made.";
        return reason.Length == 0;
    }

    public Task SubscribeAsync(string channel)
    {
        var confirmation = new TaskCompletionSource(); // completed by the process itself; else WaitAsync would leave its thread
        if (!_isRestored || !Subscribe(channel))
        {
            return Task.FromException(new BackplaneUnavailableException("Redis is not reachable."));
        }

        _wanted.Add(channel);
        _unconfirmed[channel] = confirmation;
        return ConfirmedAsync(channel, confirmation);
    }

    public void Unsubscribe(string channel)
    {
        if (_wanted.Remove(channel))
        {
            _link.TrySend(redis => Do(() => redis.Unsubscribe(channel)));
        }
    }

    public void Tick(SimulatedLink commands)
    {
        var number = _ticks.Next();
        var text = Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
        var channel = Encoding.UTF8.GetString(_own.Tick);
        if (!commands.TrySend(redis => Do(() => redis.Publish(channel, text)), _ => _ticks.Taken(number)) || !_link.IsUp)
        {
            return;
        }

        _ticks.Asking();
        _link.TrySend(static _ => null, _ => Answered());
        if (_ticks.IsDead && _world.Fault != Fault.DeafnessUnnoticed)
        {
            _link.Break();
        }
    }

    public void OnMessage(string channel, byte[] message)
    {
        if (_world.IsTraced && channel == "heads")
        {
            _world.Trace($"{_node.Id} hears of heads {Encoding.UTF8.GetString(message).Replace('\n', ' ')}");
        }

        if (channel == "nodes")
        {
            _node.OnNodeAnnounced(Encoding.ASCII.GetString(message));
        }
        else if (channel.StartsWith("presence:", StringComparison.Ordinal))
        {
            _node.Presence?.Store.OnMessage(channel[9..], message);
        }
        else if (!_own.TryHear(Encoding.UTF8.GetBytes(channel), message))
        {
            _listener.OnEnvelope(Encoding.UTF8.GetBytes(channel), message);
        }
    }

    public void OnUp(SimulatedLink link)
    {
        _ticks.BeginLink();
        string[] channels = [.. _own.All.Select(Encoding.UTF8.GetString), "nodes", .. _wanted];
        _toRestore = channels.Length;
        foreach (var channel in channels)
        {
            Subscribe(channel);
        }
    }

    public void OnDown()
    {
        _isRestored = false;
        foreach (var (channel, confirmation) in _unconfirmed.ToArray())
        {
            _wanted.Remove(channel);
            _node.Process.Post(_ => confirmation.TrySetException(new BackplaneUnavailableException("The connection to Redis broke before it confirmed.")), null);
        }

        _unconfirmed.Clear();
    }

    public void OnRound(Action read)
    {
        SendBatch.Begin();
        read();
        if (_link.IsUp)
        {
            _ticks.Read();
        }

        _listener.OnRoundEnd();
        _listener.OnBatchEnd();
        SendBatch.End();
    }

    private static object? Do(Action what)
    {
        what();
        return null;
    }

    private bool Subscribe(string channel) => _link.TrySend(redis => Do(() => redis.Subscribe(channel)), _ => Confirmed(channel));

    private void Confirmed(string channel)
    {
        if (_unconfirmed.Remove(channel, out var confirmation))
        {
            _node.Process.Post(_ => confirmation.TrySetResult(), null);
        }

        if (_toRestore > 0 && --_toRestore == 0)
        {
            _ticks.BeginHearing();
            _isRestored = true;
            _world.Trace($"{_node.Id} subscriptions up");
            if (_world.Fault != Fault.RestoredUntold)
            {
                _listener.OnRestored();
            }

            _node.Presence?.Store.Restored?.Invoke();
        }
    }

    private void Answered()
    {
        try
        {
            _ticks.Answered();
        }
        catch (RespException) when (_world.Fault == Fault.DeafnessUnnoticed)
        {
            // The fault: nobody handles this.
        }
        catch (RespException)
        {
            _link.Break(); // a tick is missing
        }
    }

    private async Task ConfirmedAsync(string channel, TaskCompletionSource confirmation)
    {
        try
        {
            await confirmation.Task.WaitAsync(SimulatedBackplane.CommandTimeout, _node.Process.Clock);
        }
        catch (TimeoutException)
        {
            _wanted.Remove(channel);
            _unconfirmed.Remove(channel);
            _link.Break();
            throw new BackplaneUnavailableException("Redis did not confirm a subscription in time.");
        }
    }
}
