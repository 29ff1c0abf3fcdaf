using Chat.Api.Messages;

namespace Chat.Api.Backplane;

/// <summary>What ties the nodes together: a log and a pub/sub channel per topic.</summary>
/// <remarks>
/// <para>Guarantee: a message is published when its outcome says so, not before; it then has an offset in its
/// topic's log, and every subscribed node gets it, in the order of offsets, or can read it from the log
/// (inside the log's window). Delivery over the channel alone is at most once: a break of the link loses what
/// was sent meanwhile, and <see cref="IBackplaneListener.OnRestored()"/> says when to look into the logs.</para>
/// <para>What other nodes see of a failed publish: nothing, or the message once; publishing again with the same
/// message id makes it exactly once while the id is in the window.</para>
/// </remarks>
internal interface IBackplane
{
    /// <summary>Whether publishing and subscriptions work, as far as this node knows, and the reason if they do not.</summary>
    bool IsReady(out string reason);

    /// <summary>Publishes; never waits and never throws. The outcome comes exactly once, perhaps before this returns.</summary>
    void Publish(in Publication publication, IPublishOutcome outcome);

    /// <summary>Completes once the backplane has confirmed the subscription. Whatever is published after that arrives.</summary>
    /// <exception cref="BackplaneUnavailableException">Not subscribed.</exception>
    Task SubscribeAsync(Topic topic);

    void Unsubscribe(Topic topic);

    /// <summary>What the log holds after a position, oldest first, at most <paramref name="limit"/> messages. Any position may be
    /// asked with; <see cref="LogPage.Continues"/> says whether it is one of this log.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="epoch">The life of the log the offset belongs to; empty to learn just where the log stands.</param>
    /// <param name="since">The last offset already known.</param>
    /// <param name="limit">Messages to return at most.</param>
    /// <param name="bounds">What else limits it; by default, nothing.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default);

    /// <summary>The latest messages of the log, oldest first, read in turn (<see cref="ReadBounds.TakesTurns"/>). What awaits it may go on on the thread that reads from Redis: it must not wait or block.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> ReadLatestAsync(Topic topic, int most);

    /// <summary>Ends an epoch whose offsets were given twice, unless it has ended already. What is in the log stays there.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> EndEpochAsync(Topic topic, string epoch);

    /// <summary>Tells the node that published a removal that it has taken effect here. Not told again if that is lost.</summary>
    void ConfirmRemoval(string node, ReadOnlySpan<byte> id);

    /// <summary>Tells every node, this one included, that a user has joined a group. Not told again if that is lost.</summary>
    void AnnounceJoin(GroupJoin join);

    /// <summary>How many nodes, including seed nodes, are subscribed to a topic.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<long> CountSubscribersAsync(Topic topic);
}
