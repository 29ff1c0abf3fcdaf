using Chat.Api.Backplane;

namespace Chat.Api.Redis;

/// <summary>Passes on to the listeners what comes over this node's subscriptions, whichever link brings it.</summary>
/// <remarks>Each link has a reading thread, but only one thread at a time calls listeners: a link has its turn from the first thing that
/// it passes on in a round until the round's end. Reading from the socket takes no turn.</remarks>
internal sealed class ChannelListeners(RedisKeys keys, IBackplaneListener listener)
{
    private readonly Lock _turn = new(); // held for a round; taken before any other lock
    private FeatureChannels[] _features = []; // complete before a link starts

    /// <inheritdoc cref="RedisSubscriptions.Attach"/>
    public void Attach(ReadOnlySpan<byte> kind, ChannelListener heard, Action restored) =>
        _features = [.. _features, new FeatureChannels(kind.ToArray(), heard, restored)];

    /// <summary>Takes the turn, unless this thread has it. The thread that takes it must itself call <see cref="EndRound"/>.</summary>
    public void BeginRound()
    {
        if (!_turn.IsHeldByCurrentThread)
        {
            _turn.Enter();
        }
    }

    public void EndRound()
    {
        BeginRound();
        try
        {
            foreach (var feature in _features)
            {
                if (feature.IsRestored)
                {
                    feature.IsRestored = false;
                    feature.Restored();
                }
            }

            listener.OnRoundEnd(); // first: it may wake others, who then work beside this thread
            listener.OnBatchEnd();
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>A message came over a channel. In a round.</summary>
    public void Heard(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        var topic = keys.TopicOf(channel);
        if (FeatureOf(topic) is { } feature)
        {
            feature.Heard(topic[feature.Kind.Length..], message);
        }
        else
        {
            listener.OnEnvelope(topic, message);
        }
    }

    /// <summary>The link that brings the nodes' own channels is up again. In a round.</summary>
    public void Restored()
    {
        listener.OnRestored();
        Array.ForEach(_features, static feature => feature.Restored());
    }

    /// <summary>A channel of a topic is heard again. In a round.</summary>
    public void Restored(ReadOnlySpan<byte> channel)
    {
        var topic = keys.TopicOf(channel);
        if (FeatureOf(topic) is { } feature)
        {
            feature.IsRestored = true; // a feature looks after all of its channels: once is enough for all that come back together
        }
        else
        {
            listener.OnRestored(topic);
        }
    }

    private FeatureChannels? FeatureOf(ReadOnlySpan<byte> topic)
    {
        foreach (var feature in _features)
        {
            if (topic.StartsWith(feature.Kind))
            {
                return feature;
            }
        }

        return null;
    }

    private sealed class FeatureChannels(byte[] kind, ChannelListener heard, Action restored)
    {
        public byte[] Kind => kind;

        public ChannelListener Heard => heard;

        public Action Restored => restored;

        public bool IsRestored { get; set; }
    }
}

/// <param name="topic">The rest of the channel's name, after its kind.</param>
/// <param name="message">Valid during the call only.</param>
internal delegate void ChannelListener(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> message);
