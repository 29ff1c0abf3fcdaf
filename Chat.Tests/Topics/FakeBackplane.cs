using System.Collections.Concurrent;
using System.Buffers;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Topics;

/// <summary>A backplane in memory whose channel loses what a test says, and whose answers a test can hold up.</summary>
internal sealed class FakeBackplane : IBackplane
{
    private readonly Lock _gate = new(); // guards everything below; never taken inside a topic's lock
    private readonly Dictionary<string, List<byte[]>> _logs = [];
    private readonly Dictionary<string, long> _trimmed = [];
    private readonly HashSet<string> _subscribed = [];
    private readonly List<(string Ended, long At, string Life)> _lineage = [];
    private int _epoch = 1;

    public IBackplaneListener? Listener { get; set; }

    /// <summary>Names of what was asked, in order: <c>+group:1</c>, <c>-group:1</c>.</summary>
    public List<string> Subscriptions { get; } = [];

    /// <summary>Called with each envelope: whether the channel loses it.</summary>
    public Func<long, bool> Loses { get; set; } = _ => false;

    /// <summary>Awaited before a read is answered; a failed one fails the read.</summary>
    public Func<Task> BeforeRead { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before a subscription is confirmed; a failed one fails it.</summary>
    public Func<Task> BeforeSubscribed { get; set; } = () => Task.CompletedTask;

    public string Epoch => "e" + _epoch;

    public static Task Unavailable => Task.FromException(new BackplaneUnavailableException("Away."));

    /// <summary>Publishes; returns the envelope.</summary>
    public byte[] Say(Topic topic, string msg, bool lost = false, long via = 0, bool endsRound = true)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            var offset = _trimmed.GetValueOrDefault(topic.Name) + log.Count + 1;
            var envelope = Envelope(topic, Epoch, offset, msg, via);
            log.Add(envelope);
            if (!lost && !Loses(offset) && _subscribed.Contains(topic.Name))
            {
                Listener?.OnEnvelope(topic.Utf8Name.Span, envelope); // inside the lock: the channel keeps the log's order
                if (endsRound)
                {
                    Listener?.OnRoundEnd();
                }
            }

            return envelope;
        }
    }

    public static byte[] Envelope(Topic topic, string epoch, long offset, string msg, long via = 0)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write(Encoding.UTF8.GetBytes(offset == 0 ? "{" : $"{{\"Offset\":{offset},\"Epoch\":\"{epoch}\","));
        EnvelopeWriter.WriteTail(output, new Publication
        {
            Kind = topic.Kind,
            Topic = topic.Utf8Name.Span,
            From = "1"u8,
            Msg = Encoding.UTF8.GetBytes(msg),
            Via = via,
        }, Encoding.UTF8.GetBytes("m-" + msg), "node"u8, 1, null);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Publishes the removal of a user.</summary>
    public void Remove(Topic topic, string userId, long generation)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            var output = new ArrayBufferWriter<byte>();
            output.Write(Encoding.UTF8.GetBytes($"{{\"Offset\":{_trimmed.GetValueOrDefault(topic.Name) + log.Count + 1},\"Epoch\":\"{Epoch}\","));
            EnvelopeWriter.WriteTail(output, new Publication
            {
                Kind = topic.Kind,
                Topic = topic.Utf8Name.Span,
                From = Encoding.UTF8.GetBytes(userId),
                Msg = Encoding.UTF8.GetBytes($"{generation}"),
                IsRemoval = true,
            }, "node:left:1"u8, "node"u8, 1, null);
            log.Add(output.WrittenSpan.ToArray());
            Listener?.OnEnvelope(topic.Utf8Name.Span, log[^1]);
            Listener?.OnRoundEnd();
        }
    }

    /// <summary>The log forgets its oldest messages.</summary>
    public void Trim(Topic topic, int kept)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            var gone = Math.Max(0, log.Count - kept);
            log.RemoveRange(0, gone);
            _trimmed[topic.Name] = _trimmed.GetValueOrDefault(topic.Name) + gone;
        }
    }

    /// <summary>Redis comes back without the last of what it had acknowledged.</summary>
    public void Forget(Topic topic, int last)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            log.RemoveRange(log.Count - last, last);
        }
    }

    /// <summary>Puts an envelope into the log of which the channel says nothing.</summary>
    public void Add(Topic topic, byte[] envelope)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic).Add(envelope);
        }
    }

    /// <summary>Puts something into the log that nobody published.</summary>
    public void Spoil(Topic topic, string garbage)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic).Add(Encoding.UTF8.GetBytes(garbage));
        }
    }

    /// <summary>Redis loses everything and begins anew.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _logs.Clear();
            _lineage.Clear();
            _trimmed.Clear();
            _epoch++;
        }
    }

    public async Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit)
    {
        await BeforeRead();
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            var before = _trimmed.GetValueOrDefault(topic.Name);
            var last = before + log.Count;
            var crossed = _lineage.FindIndex(entry => entry.Ended == epoch) + 1;
            var common = epoch == Epoch ? last : crossed > 0 ? _lineage[crossed - 1].At : -1;
            var from = Math.Min(since, common);
            return new LogPage(Epoch, last, from >= 0 ? [.. log.Skip((int)Math.Max(0, from - before)).Take(limit)] : [], common)
            {
                Lineage = new Lineage([.. _lineage.Select(entry => entry.Life)], crossed, Broken),
            };
        }
    }

    public BrokenLives Broken { get; } = new();

    public async Task<LogPage> EndEpochAsync(Topic topic, string epoch)
    {
        await BeforeRead();
        lock (_gate)
        {
            if (epoch == Epoch)
            {
                _epoch++;
                _lineage.Clear();
            }

            return new LogPage(Epoch, _trimmed.GetValueOrDefault(topic.Name) + Log_NeedsLock(topic).Count, []);
        }
    }

    /// <summary>Redis begins another life, without the last of what it had acknowledged.</summary>
    public void BeginLife(Topic topic, string life, int lost = 0)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            log.RemoveRange(log.Count - lost, lost);
            var at = _trimmed.GetValueOrDefault(topic.Name) + log.Count;
            var ended = Epoch;
            while (_lineage is [var newest, ..] && newest.At > at)
            {
                ended = newest.Ended; // what it comes back with is from before that
                _lineage.RemoveAt(0);
            }

            _lineage.Insert(0, (ended, at, life));
            _epoch++;
        }
    }

    public async Task SubscribeAsync(Topic topic)
    {
        lock (_gate)
        {
            Subscriptions.Add("+" + topic);
        }

        await BeforeSubscribed();
        lock (_gate)
        {
            _subscribed.Add(topic.Name);
        }
    }

    public void Unsubscribe(Topic topic)
    {
        lock (_gate)
        {
            Subscriptions.Add("-" + topic);
            _subscribed.Remove(topic.Name);
        }
    }

    public bool IsReady(out string reason)
    {
        reason = "";
        return true;
    }

    /// <summary>Where publishers wait for their outcomes; null: they are told at once that it is published.</summary>
    public ConcurrentQueue<IPublishOutcome>? Withheld { get; init; }

    public void Publish(in Publication publication, IPublishOutcome outcome)
    {
        if (Withheld is not null)
        {
            Withheld.Enqueue(outcome);
        }
        else
        {
            outcome.Published("m"u8, "e1"u8, 1, false);
        }
    }

    /// <summary>Removals confirmed, as <c>node id</c>.</summary>
    public ConcurrentQueue<string> Confirmed { get; } = new();

    public void AnnounceJoin(GroupJoin join) => Listener?.OnJoined(join);

    public void ConfirmRemoval(string node, ReadOnlySpan<byte> id) => Confirmed.Enqueue($"{node} {Encoding.UTF8.GetString(id)}");

    public Task<long> CountSubscribersAsync(Topic topic) => Task.FromResult(0L);

    private List<byte[]> Log_NeedsLock(Topic topic)
    {
        if (!_logs.TryGetValue(topic.Name, out var log))
        {
            _logs[topic.Name] = log = [];
        }

        return log;
    }
}
