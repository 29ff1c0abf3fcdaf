using System.Buffers;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Tests.Simulation;

/// <summary>One node's backplane over a <see cref="SimulatedRedis"/>, in place of <see cref="RedisBackplane"/>. It consists of the same parts where
/// these do not depend on sockets: the last acknowledgement, the heads, the ticks, the node's channels, the broken lives.</summary>
internal sealed class SimulatedBackplane : IBackplane, ILinkOwner
{
    public static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan AckAge = TimeSpan.FromDays(5);
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly BackplaneOptions Options = new();
    private static readonly BackplaneOptions OptionsWithoutHeads = new() { HeadBytes = 0 };
    private static readonly BackplaneMetrics Metrics = new(Support.NoMeters.Instance);
    private static readonly RedisKeys Keys = new("");

    private readonly World _world;
    private readonly SimulatedNode _node;
    private readonly IBackplaneListener _listener;
    private readonly SimulatedLink _commands;
    private readonly SimulatedSubscriptions _subscriptions;
    private readonly SimulatedLives _lives;
    private readonly TopicHeads _heads;
    private readonly LastAck _lastAck;
    private readonly byte[] _id;
    private int _messages;
    private ITimer? _ticks;

    public SimulatedBackplane(World world, SimulatedRedis redis, SimulatedNode node, IBackplaneListener listener)
    {
        (_world, _node, _listener) = (world, node, listener);
        _id = Encoding.ASCII.GetBytes(node.Id);
        _lastAck = new LastAck(node.Process.Clock);
        _heads = new TopicHeads(world.Fault == Fault.HeadsUntold ? OptionsWithoutHeads : Options, Metrics);
        _commands = new SimulatedLink(world, redis, node, this);
        _subscriptions = new SimulatedSubscriptions(world, redis, node, listener, Options, Keys);
        _lives = new SimulatedLives(world, this, listener);
    }

    public string Name => "commands";

    public bool IsUp => _commands.IsUp;

    public SimulatedSubscriptions Subscriptions => _subscriptions;

    public SimulatedLink Commands => _commands;

    /// <summary>The number of reads under way in each topic, for wrappers of the listener.</summary>
    public Dictionary<string, int> Reads { get; } = new(StringComparer.Ordinal);

    public void Start()
    {
        _commands.Connect();
        _subscriptions.Connect();
        _ticks = _node.Process.Clock.CreateTimer(_ => Tick(), null, TickInterval * (_world.Dice.Next(1000) / 1000.0), TickInterval); // so that nodes do not tick together
    }

    public bool IsReady(out string reason)
    {
        reason = IsUp ? "" : "No connection.";
        return IsUp && _subscriptions.IsAlive(out reason);
    }

    public bool IsReadable(Topic topic, out string reason) => IsReady(out reason);

    public void Publish(in Publication publication, IPublishOutcome outcome)
    {
        var hasId = !publication.MsgId.IsEmpty;
        var id = hasId ? publication.MsgId.ToArray() : Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_node.Id}.{++_messages}"));
        var now = _node.Process.Clock.GetUtcNow();
        var tail = Tail(publication, id, now.ToUnixTimeMilliseconds());
        var utf8Topic = publication.Topic.ToArray();
        var topic = Encoding.UTF8.GetString(publication.Topic);
        var channel = publication.IsRemoval ? "removals" : topic;
        var key = hasId ? Encoding.UTF8.GetString([.. publication.From, (byte)'/', .. id]) : null;
        var life = _commands.Life;
        LogPosition? deleted = publication.IsDeletion && LogPosition.TryParse(Encoding.ASCII.GetString(publication.Msg), out var position) ? position : null;
        if (!_commands.TrySend(
            redis => deleted is { } message ? redis.Delete(topic, message, tail, life) : redis.Publish(topic, channel, key, tail, life, now),
            answer =>
            {
                var (epoch, offset, repetition, stands) = ((string, long, long, string))answer!;
                if (offset == 0)
                {
                    outcome.Published(id, default, 0, hasId); // there was nothing to delete
                    return;
                }

                var utf8Epoch = Encoding.ASCII.GetBytes(epoch);
                _lastAck.Note(life, utf8Topic, utf8Epoch, offset, repetition);
                _node.Model.OnAcknowledged(_node, topic, stands, offset);
                outcome.Published(id, Encoding.ASCII.GetBytes(stands), offset, hasId);
                _heads.Acknowledged(utf8Topic, utf8Epoch, offset);
            },
            () => outcome.NotPublished(id, hasId)))
        {
            outcome.NotPublished(id, hasId);
        }
    }

    public Task SubscribeAsync(Topic topic) => _subscriptions.SubscribeAsync(topic.Name);

    public void Unsubscribe(Topic topic) => _subscriptions.Unsubscribe(topic.Name);

    public Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default) => 
        LogPage.WithoutDoubtsAsync(ends => ReadAsync(topic, epoch, since, limit, ends, Lineage.Hole));

    public Task<LogPage> ReadLatestAsync(Topic topic, int most) =>
        LogPage.WithoutDoubtsAsync(ends => ReadAsync(topic, "", -most, most, ends, Lineage.Hole));

    public Task<LogPage> EndEpochAsync(Topic topic, string epoch) => ReadAsync(topic, epoch, 0, 0, epoch, "twice");

    public void ConfirmRemoval(string node, ReadOnlySpan<byte> id)
    {
        byte[] message = [.. id, (byte)' ', .. _id];
        _commands.TrySend(redis => Publish(redis, "removed:" + node, message));
    }

    public void AnnounceJoin(GroupJoin join)
    {
        if (_world.Fault != Fault.JoinUnannounced)
        {
            _commands.TrySend(redis => Publish(redis, "joins", join.ToUtf8()));
        }
    }

    public Task<long> CountSubscribersAsync(Topic topic) => CallAsync(redis => redis.CountSubscribers(topic.Name));

    /// <summary>Runs a command at Redis.</summary>
    /// <exception cref="BackplaneUnavailableException">No answer arrived; the command may or may not have run.</exception>
    public async Task<T> CallAsync<T>(Func<SimulatedRedis, T> run)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_commands.TrySend(redis => run(redis), reply => answer.TrySetResult((T)reply!), Fail))
        {
            Fail();
        }

        return await answer.Task;

        void Fail() => answer.TrySetException(new BackplaneUnavailableException("Redis is not reachable."));
    }

    public void OnMessage(string channel, byte[] message) => _subscriptions.OnMessage(channel, message);

    // The last acknowledgement is checked before anything else goes over the link.
    public void OnUp(SimulatedLink link)
    {
        _world.Trace($"{_node.Id} commands up in {link.Life}");
        if (_world.Fault != Fault.LastAckUnchecked && _lastAck.OfAnotherLife(link.Life, AckAge) is { } ack)
        {
            var life = link.Life;
            link.TrySend(redis => (redis.Has(ack), _world.Microseconds), answer =>
            {
                var (isThere, now) = ((bool, long))answer!;
                _lastAck.Settle(ack, isThere ? life : null);
                if (!isThere)
                {
                    _lives.Found(life, now);
                }
            });
        }

        _lives.Share();
        _node.Presence?.Store.Returned?.Invoke();
    }

    public void OnDown()
    {
        // Requests that were under way have already failed.
    }

    public void OnRound(Action read)
    {
        Chat.Api.Connections.SendBatch.Begin();
        read();
        _listener.OnBatchEnd();
        Chat.Api.Connections.SendBatch.End();
    }

    private static object? Publish(SimulatedRedis redis, string channel, byte[] message)
    {
        redis.Publish(channel, message);
        return null;
    }

    private byte[] Tail(in Publication publication, ReadOnlySpan<byte> id, long now)
    {
        var output = new ArrayBufferWriter<byte>(128);
        EnvelopeWriter.WriteTail(output, publication, id, _id, now, null);
        return output.WrittenSpan.ToArray();
    }

    private async Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, string ends, string why)
    {
        var life = _commands.Life;
        Reads[topic.Name] = Reads.GetValueOrDefault(topic.Name) + 1;
        try
        {
            return await CallAsync(redis => redis.Read(topic.Name, epoch, since, limit, life, ends, why, _lives.Broken));
        }
        finally
        {
            Reads[topic.Name]--;
        }
    }

    private void Tick()
    {
        if (_commands.IsOverdue(CommandTimeout))
        {
            _commands.Break();
        }

        _subscriptions.Tick(_commands);
        if (_commands.IsUp)
        {
            _heads.Tell((lines, notTold) =>
            {
                var message = lines.Span.ToArray();
                return _commands.TrySend(redis => Publish(redis, "heads", message), failed: notTold);
            });
        }

        _lives.Share();
    }
}
