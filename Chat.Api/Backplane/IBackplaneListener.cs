using Chat.Api.Messages;

namespace Chat.Api.Backplane;

/// <summary>Hears what arrives. All methods except <see cref="OnBatchEnd"/> are called on the backplane's reading threads. One of these
/// threads at a time has its turn, for a whole round. The methods must not wait, block or throw, nor take long.</summary>
internal interface IBackplaneListener
{
    /// <summary>The topics to which the listener listens at the moment. Asked on any thread.</summary>
    IEnumerable<Topic> Held { get; }

    /// <param name="topic">The topic's name, UTF-8.</param>
    /// <param name="envelope">Valid during the call only.</param>
    void OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope);

    /// <param name="envelope">A removal, in a topic that this node may or may not have; valid during the call only.</param>
    void OnRemoval(ReadOnlySpan<byte> envelope);

    /// <summary>A topic that has become quiet has an acknowledged message at this position, which a node that holds the topic should have
    /// received; or the notice that a message was deleted, which comes over no other channel.</summary>
    /// <param name="topic">The topic's name, UTF-8. This node may or may not have the topic.</param>
    /// <param name="epoch">The life of its log.</param>
    /// <param name="offset">The offset that its log reaches, at least.</param>
    void OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset);

    /// <summary>A user has joined a group, on some connection of some node.</summary>
    void OnJoined(GroupJoin join);

    /// <summary>A removal that this node published has taken effect on another, or here.</summary>
    /// <param name="id">The removal's id.</param>
    /// <param name="node">The node where it has taken effect.</param>
    void OnRemovalConfirmed(string id, string node);

    /// <summary>A life of Redis turned out to have begun without all that had been acknowledged. It is in <see cref="BrokenLives"/> already.</summary>
    void OnLifeBroken(string life);

    /// <summary>Subscriptions were lost and are all in place again; anything may have been missed meanwhile.</summary>
    void OnRestored();

    /// <summary>The subscription of this topic was lost and is in place again; something in it may have been missed meanwhile.</summary>
    /// <param name="topic">The topic's name, UTF-8.</param>
    void OnRestored(ReadOnlySpan<byte> topic);

    /// <summary>A round is over: everything that had arrived has been passed on.</summary>
    void OnRoundEnd();

    /// <summary>Called on any of the backplane's threads once it has passed on everything it had, outcomes of publishes included.</summary>
    void OnBatchEnd();
}
