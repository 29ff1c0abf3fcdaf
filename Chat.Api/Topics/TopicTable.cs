using System.Collections.Concurrent;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Topics;

/// <summary>The topics that this node subscribes to. Each has one subscription at the backplane, which its local members share.</summary>
/// <remarks>A topic with a local member is always subscribed. When the last member leaves, a group's subscription ends at once;
/// others linger for a moment, so that a reconnect or a page change costs nothing. Two topics never wait for each other.</remarks>
internal sealed class TopicTable : IBackplaneListener, IDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards References, IdleSince and Activation of every topic, and adding and removing
    private readonly ConcurrentDictionary<string, LocalTopic> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LocalTopic>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly byte[] _node;
    private readonly TopicMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly KnownTopics _known;
    private readonly TopicFills _fills;
    private readonly DeliveryLanes _lanes;
    private IBackplane? _backplane;
    private IMembershipListener? _memberships;
    private IMemberListener? _presence;
    private IReturnListener? _returns;

    public TopicTable(NodeIdentity node, IOptions<TopicOptions> options, TopicMetrics metrics, TimeProvider time, ILogger<TopicTable> logger)
    {
        _node = Encoding.ASCII.GetBytes(node.Id);
        _metrics = metrics;
        _time = time;
        _known = new KnownTopics(time);
        _fills = new TopicFills(this, options.Value.FillsAtOnce, time, logger);
        _lanes = new DeliveryLanes(options.Value, _fills, metrics, logger);
        metrics.Observe(_lanes);
        _byName = _topics.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IBackplane Backplane => _backplane ?? throw new InvalidOperationException("Attach a backplane first.");

    /// <summary>Sets the backplane. The two need each other, so this one learns of the other after both have been created.</summary>
    public void Attach(IBackplane backplane) => _backplane = backplane;

    /// <summary>As <see cref="Attach(IBackplane)"/>; before any topic is acquired.</summary>
    public void Attach(IMembershipListener memberships) => _memberships = memberships;

    /// <summary>As <see cref="Attach(IBackplane)"/>; before any topic is acquired.</summary>
    public void Attach(IMemberListener presence) => _presence = presence;

    /// <summary>As <see cref="Attach(IBackplane)"/>; before it hears anything.</summary>
    public void Attach(IReturnListener returns) => _returns = returns;

    public void Dispose()
    {
        _lanes.Dispose();
        _fills.Dispose();
    }

    /// <summary>Subscribes to the topic unless that has been done. Completes once everything that is published from then on arrives.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Nothing has been acquired.</exception>
    public async Task<LocalTopic> AcquireAsync(Topic topic)
    {
        LocalTopic local;
        Task activation;
        lock (_gate)
        {
            local = _topics.GetOrAdd(topic.Name, static (_, args) => new LocalTopic(args.topic, args.self._node, args.self._metrics, args.self._memberships, args.self._presence), (topic, self: this));
            local.References++;
            activation = local.Activation ??= ActivateAsync(local);
        }

        try
        {
            await activation;
            return local;
        }
        catch
        {
            lock (_gate)
            {
                // Otherwise the next caller would find the topic, skip the subscribe and hear nothing.
                if (local.Activation == activation)
                {
                    local.Activation = null;
                }
            }

            Release(local);
            throw;
        }
    }

    /// <summary>Releases what <see cref="AcquireAsync"/> acquired.</summary>
    public void Release(LocalTopic topic)
    {
        lock (_gate)
        {
            if (--topic.References > 0)
            {
                return;
            }

            if (topic.Topic.Kind == TopicKind.Group)
            {
                End_NeedsLock(topic); // a group that nobody is in must not look as if it existed, on this node or another
            }
            else
            {
                topic.IdleSince = _time.GetTimestamp();
            }
        }
    }

    /// <summary>Whether somebody on this node has joined the topic, or has written to it recently (<see cref="Know"/>).</summary>
    /// <param name="topic">The topic's name, UTF-8.</param>
    public bool Knows(ReadOnlySpan<byte> topic) => Find(topic) is not null || _known.Touch(topic);

    /// <summary>Makes the topic known for a while.</summary>
    public void Know(ReadOnlySpan<byte> topic) => _known.Add(Encoding.UTF8.GetString(topic));

    /// <summary>Ends subscriptions that nobody has needed for a while.</summary>
    public void Sweep()
    {
        _known.Sweep();
        foreach (var topic in _topics.Values)
        {
            if (topic.References > 0)
            {
                continue;
            }

            lock (_gate)
            {
                if (topic.References == 0 && _time.GetElapsedTime(topic.IdleSince) >= Linger)
                {
                    End_NeedsLock(topic);
                }
            }
        }
    }

    public IEnumerable<Topic> Held => All.Select(static topic => topic.Topic);

    public IEnumerable<LocalTopic> All => _topics.Select(static topic => topic.Value);

    public bool TryFind(Topic topic, out LocalTopic? local) => _topics.TryGetValue(topic.Name, out local);

    /// <summary>Whether a topic is still of interest here.</summary>
    public bool Holds(LocalTopic topic) => _topics.TryGetValue(topic.Topic.Name, out var current) && current == topic;

    public void OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope) => TryReceive(topic, envelope);

    public void OnRemoval(ReadOnlySpan<byte> envelope)
    {
        if (!Envelope.TryParse(envelope, out var removal) || !removal.IsRemoval)
        {
            _metrics.Malformed();
            return;
        }

        if (!TryReceive(Encoding.UTF8.GetBytes("group:" + JsonText.ToText(removal.To)), envelope))
        {
            _memberships?.OnRemoved(removal.Id); // nobody on this node is in the group
        }
    }

    public void OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset)
    {
        if (Find(topic) is { } local)
        {
            _lanes.TakeHead(local, epoch, offset);
        }
    }

    public void OnJoined(GroupJoin join) => _memberships?.OnJoined(join);

    public void OnRemovalConfirmed(string id, string node) => _memberships?.OnConfirmed(id, node);

    public void OnLifeBroken(string life)
    {
        foreach (var topic in _topics.Values)
        {
            if (topic.OnLifeBroken(life))
            {
                _fills.Add(topic);
            }
        }
    }

    public void OnRestored()
    {
        _fills.Await(_returns?.OnReturned() ?? Task.CompletedTask);
        _memberships?.OnRestored();
        foreach (var topic in _topics.Values)
        {
            if (topic.Suspect())
            {
                _fills.Add(topic);
            }
        }
    }

    public void OnRestored(ReadOnlySpan<byte> topic)
    {
        if (Find(topic) is { } local && local.Suspect())
        {
            _fills.Add(local);
        }
    }

    public void OnRoundEnd() => _lanes.EndRound();

    // Everything that a batch has put into outboxes is sent together, at its end.
    public void OnBatchEnd()
    {
        SendBatch.Flush();
        SendBatch.Begin();
    }

    private void End_NeedsLock(LocalTopic topic)
    {
        if (_topics.TryRemove(new(topic.Topic.Name, topic)) && topic.Activation is not null)
        {
            _known.Add(topic.Topic.Name); // so that returning to it does not count as a new topic
            Backplane.Unsubscribe(topic.Topic); // under the lock: a new subscribe of this topic must come after it
        }
    }

    /// <summary>Returns false if there is no such topic on this node.</summary>
    private bool TryReceive(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope)
    {
        if (Find(topic) is not { } local)
        {
            return false;
        }

        _lanes.Take(local, envelope);
        return true;
    }

    private LocalTopic? Find(ReadOnlySpan<byte> topic)
    {
        Span<char> name = stackalloc char[256];
        return topic.Length <= name.Length
            && Encoding.UTF8.TryGetChars(topic, name, out var length)
            && _byName.TryGetValue(name[..length], out var local) ? local : null;
    }

    private async Task ActivateAsync(LocalTopic local)
    {
        // No cancellation token: the request may already be at Redis. The backplane's own timeout bounds the wait.
        await Task.Yield(); // out of the caller's lock
        await Backplane.SubscribeAsync(local.Topic);
        try
        {
            if (local.Begin(await Backplane.ReadAsync(local.Topic, "", 0, 0)))
            {
                _fills.Add(local);
            }
        }
        catch
        {
            Backplane.Unsubscribe(local.Topic);
            throw;
        }
    }
}
