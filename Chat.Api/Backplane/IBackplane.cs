using Chat.Api.Messages;

namespace Chat.Api.Backplane;

/// <summary>Connects the nodes: a log and a pub/sub channel per topic.</summary>
/// <remarks>
/// <para>Guarantee: a message is published when its outcome says so, not before. It then has an offset in its topic's log. Every subscribed node gets
/// it, in the order of offsets, or can read it from the log (inside the log's window). Delivery over the channel alone is at most once: a break of the
/// link loses what was sent meanwhile, and <see cref="IBackplaneListener.OnRestored()"/> says when to look into the logs.</para>
/// <para>Other nodes see nothing of a failed publish, or see its message once. Publishing again with the same message id makes it exactly
/// once while the id is in the window.</para>
/// </remarks>
internal interface IBackplane
{
    /// <summary>Whether publishing and subscriptions work, as far as this node knows, and the reason if they do not.</summary>
    bool IsReady(out string reason);

    /// <summary>Whether a topic may catch up with its log, as far as this node knows, and the reason if not: its log can be read, and the node
    /// hears of what has to take effect before. Other topics' logs may be elsewhere.</summary>
    bool IsReadable(Topic topic, out string reason);

    /// <summary>Publishes; never waits and never throws. The outcome comes exactly once, perhaps before this returns.</summary>
    void Publish(in Publication publication, IPublishOutcome outcome);

    /// <summary>Completes once the backplane has confirmed the subscription. Everything that is published after that arrives.</summary>
    /// <exception cref="BackplaneUnavailableException">Not subscribed.</exception>
    Task SubscribeAsync(Topic topic);

    void Unsubscribe(Topic topic);

    /// <summary>Reads at most <paramref name="limit"/> messages of the log after a position, oldest first. Any position may be given;
    /// <see cref="LogPage.Continues"/> says whether it is one of this log.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="epoch">The life of the log to which the offset belongs; empty to learn only where the log stands.</param>
    /// <param name="since">The last offset already known.</param>
    /// <param name="limit">How many messages to return at most.</param>
    /// <param name="bounds">What else limits the read; by default, nothing.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default);

    /// <summary>The latest messages of the log, oldest first, read in turn (<see cref="ReadBounds.TakesTurns"/>). The code that awaits it
    /// may continue on the thread that reads from Redis: it must not wait or block.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> ReadLatestAsync(Topic topic, int most);

    /// <summary>Ends an epoch whose offsets were given twice, unless it has ended already. The log keeps its messages.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<LogPage> EndEpochAsync(Topic topic, string epoch);

    /// <summary>Tells the node that published a removal that it has taken effect here. Not repeated if it is lost.</summary>
    void ConfirmRemoval(string node, ReadOnlySpan<byte> id);

    /// <summary>Tells every node, this one included, that a user has joined a group. Not repeated if it is lost.</summary>
    void AnnounceJoin(GroupJoin join);

    /// <summary>How many nodes, including seed nodes, are subscribed to a topic.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<long> CountSubscribersAsync(Topic topic);
}
