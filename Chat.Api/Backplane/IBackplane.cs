using Chat.Api.Topics;

namespace Chat.Api.Backplane;

/// <summary>What ties the nodes together: a log and a pub/sub channel per topic.</summary>
/// <remarks>
/// <para>Guarantee: a message is published when its outcome says so, not before; it then has an offset in its
/// topic's log, and every subscribed node gets it, in the order of offsets, or can read it from the log
/// (inside the log's window). Delivery over the channel alone is at most once: a break of the link loses what
/// was sent meanwhile, and <see cref="IBackplaneListener.OnRestored"/> says when to look into the logs.</para>
/// <para>What other nodes see of a failed publish: nothing, or the message once; publishing again with the same
/// message id makes it exactly once while the id is in the window.</para>
/// </remarks>
internal interface IBackplane
{
    /// <summary>Whether publishes and subscriptions work, as far as this node knows; the reason if not.</summary>
    bool IsReady(out string reason);

    /// <summary>Publishes; never waits and never throws. The outcome comes exactly once, perhaps before this returns.</summary>
    void Publish(in Publication publication, IPublishOutcome outcome);

    /// <summary>Returns once the backplane has confirmed: whatever is published after that arrives.</summary>
    /// <exception cref="BackplaneUnavailableException">Not subscribed.</exception>
    Task SubscribeAsync(Topic topic);

    void Unsubscribe(Topic topic);

    /// <summary>What the log holds after a position, oldest first, at most <paramref name="limit"/> messages. Any position may be
    /// asked with; <see cref="LogPage.Continues"/> says whether it is one of this log.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="epoch">The life of the log the offset belongs to; empty to learn just where the log stands.</param>
    /// <param name="since">The last offset already known.</param>
    /// <param name="limit">Messages to return at most.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit);

    /// <summary>Ends an epoch whose offsets were given twice, unless it has ended already. What is in the log stays there.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> EndEpochAsync(Topic topic, string epoch);

    /// <summary>Takes a place among a user's connections, cluster-wide.</summary>
    /// <param name="user">The user.</param>
    /// <param name="limit">As many places there are.</param>
    /// <param name="liveNodes">Nodes whose connections count.</param>
    /// <param name="areAll">Whether these are all the nodes that live: the connections of any other are gone with it.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    /// <returns>Whether it has one, and how many are taken then.</returns>
    Task<(Admittance Admittance, int Taken)> AdmitAsync(Topic user, int limit, IReadOnlyCollection<string> liveNodes, bool areAll);

    /// <summary>How many places of a user are taken, cluster-wide.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<int> CountConnectionsAsync(Topic user);

    /// <summary>Gives the place back. While Redis is away that waits until it is there again.</summary>
    void Release(Topic user);

    /// <summary>Tells the node that published a removal that it has taken effect here. Not told again if that is lost.</summary>
    void ConfirmRemoval(string node, ReadOnlySpan<byte> id);

    /// <summary>Tells every node, this one included, that a user has joined a group. Not told again if that is lost.</summary>
    void AnnounceJoin(GroupJoin join);

    /// <summary>How many nodes, seed nodes included, listen to a topic.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<long> CountSubscribersAsync(Topic topic);
}

/// <summary>Hears what arrives. All members are called on the backplane's one reading thread: they must not wait, block or throw, nor take long.</summary>
internal interface IBackplaneListener
{
    /// <param name="topic">The topic's name, UTF-8.</param>
    /// <param name="envelope">Valid during the call only.</param>
    void OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope);

    /// <param name="envelope">A removal, in a topic that this node may or may not have; valid during the call only.</param>
    void OnRemoval(ReadOnlySpan<byte> envelope);

    /// <summary>A topic that has become quiet has an acknowledged message at this position: whoever holds the topic should have got it.</summary>
    /// <param name="topic">The topic's name, UTF-8; one that this node may or may not have.</param>
    /// <param name="epoch">The life of its log.</param>
    /// <param name="offset">How far that goes, at least.</param>
    void OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset);

    /// <summary>A user has joined a group, on some connection of some node.</summary>
    void OnJoined(GroupJoin join);

    /// <summary>A removal that this node published has taken effect on another, or here.</summary>
    /// <param name="id">The removal's id.</param>
    /// <param name="node">Where.</param>
    void OnRemovalConfirmed(string id, string node);

    /// <summary>A life of Redis turned out to have begun with less than had been acknowledged; it is in <see cref="BrokenLives"/> already.</summary>
    void OnLifeBroken(string life);

    /// <summary>Subscriptions were lost and are all in place again; anything may have been missed meanwhile.</summary>
    void OnRestored();

    /// <summary>All that had arrived has been told.</summary>
    void OnRoundEnd();
}

/// <summary>Learns what became of a publish. Called on a backplane thread: must not wait, block or throw.</summary>
internal interface IPublishOutcome
{
    /// <param name="id">The message id: the client's, or the one this node gave.</param>
    /// <param name="epoch">Empty for what has no log.</param>
    /// <param name="offset">0 for what has no log.</param>
    /// <param name="fromClient">Whether the id is the client's.</param>
    void Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient);

    /// <summary>It may or may not have been published; trying again with the same message id is safe.</summary>
    void NotPublished(ReadOnlySpan<byte> id, bool fromClient);

    /// <summary>It was not published: more is written to the topic than may be. Trying again in a while is safe.</summary>
    void TopicBusy(ReadOnlySpan<byte> id, bool fromClient) => NotPublished(id, fromClient);
}

/// <summary>One message on its way to the backplane. String values are JSON-escaped bytes without their quotes.</summary>
internal readonly ref struct Publication
{
    public required TopicKind Kind { get; init; }

    /// <summary>The topic's name, UTF-8.</summary>
    public required ReadOnlySpan<byte> Topic { get; init; }

    public required ReadOnlySpan<byte> From { get; init; }

    public required ReadOnlySpan<byte> Msg { get; init; }

    /// <summary>The client's id for this message; empty: the node gives one, and nothing is looked up.</summary>
    public ReadOnlySpan<byte> MsgId { get; init; }

    /// <summary>Number of the connection it came from; 0: from none.</summary>
    public long Via { get; init; }

    /// <summary>Empty for a message; else the kind of signal, which skips the log.</summary>
    public ReadOnlySpan<byte> Signal { get; init; }

    /// <summary>Not a message but the removal of <see cref="From"/> from the group. It has its place in the log, and so in
    /// the order, and is told to every node, not only to those that hold members.</summary>
    public bool IsRemoval { get; init; }
}

/// <summary>A piece of a log.</summary>
/// <param name="Epoch">Which life of the log this is.</param>
/// <param name="Last">The offset of the last message published.</param>
/// <param name="Envelopes">In order, after the offset asked for or <paramref name="Common"/>, whichever is less; empty if the epoch
/// asked for is not known. Each has the epoch it was published in, one of the log's lineage.</param>
/// <param name="Common">Up to which offset the epoch asked for and this log are one history; -1: that epoch is not known.</param>
internal sealed record LogPage(string Epoch, long Last, IReadOnlyList<byte[]> Envelopes, long Common = -1)
{
    /// <summary>The epochs before this one.</summary>
    public Lineage Lineage { get; init; } = Lineage.None;

    /// <summary>Whether the log goes on from an offset of the epoch asked for, without anything acknowledged missing in between.</summary>
    public bool Continues(long offset) => offset <= Common && !Lineage.IsBroken;
}

/// <summary>More is written to a topic than may be; a later try may succeed.</summary>
internal sealed class TopicBusyException() : Exception("Too much is written to the topic.");

/// <summary>Redis did not answer, or answered with an error that a later try may not get.</summary>
internal sealed class BackplaneUnavailableException(string message) : Exception(message);

/// <summary>Whether a user has a place left. Anything but <see cref="Granted"/> takes none.</summary>
internal enum Admittance
{
    Refused,
    Granted,

    /// <summary>Refused, unless nodes that were not named are dead. Never the answer where all were named.</summary>
    DependsOnOtherNodes,
}
