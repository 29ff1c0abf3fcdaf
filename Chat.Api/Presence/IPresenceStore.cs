using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>Who is in which topic, over the whole cluster. Each node reports for itself, and survivors sweep a node that has died.</summary>
/// <remarks>Every method throws <see cref="BackplaneUnavailableException"/> if Redis does not answer. Reports state how things are, not what changed,
/// so each may be repeated.</remarks>
internal interface IPresenceStore
{
    /// <summary>Called with the name of a topic that this node watches, and its news. Runs on the thread that reads from Redis: must not wait, block
    /// or throw.</summary>
    Action<string, PresenceNews>? Heard { get; set; }

    /// <summary>Called after subscriptions were lost and are in place again: news may have been missed, and Redis may have lost data.</summary>
    Action? Restored { get; set; }

    /// <summary>Called when there is a new connection to Redis, before anything is sent over it: earlier reports may be gone.</summary>
    Action? Returned { get; set; }

    /// <summary>Reports how many connections users have in a topic on a node, and tells the watchers who has come or gone.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="node">The node; null: this one.</param>
    /// <param name="users">The users; 0 connections: the user has none there.</param>
    /// <param name="isAll">Whether all users who are not named have none there.</param>
    /// <param name="mayGoOn">Asked again and again where there are so many users that they are reported in pieces. If the answer is no, the report ends
    /// with an exception like any that Redis has not confirmed.</param>
    Task ReportAsync(Topic topic, string? node, IReadOnlyCollection<PresentUser> users, bool isAll, Func<bool>? mayGoOn = null);

    /// <summary>Reads who is in a topic.</summary>
    Task<PresenceNews> ReadAsync(Topic topic, int most);

    /// <summary>Reads how many users are in a topic. The awaiting code continues on the thread that reads from Redis, so it must not wait or
    /// block.</summary>
    Task<long> CountAsync(Topic topic);

    /// <summary>Reads who is in a topic, a page at a time, however many users there are.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="from"><see cref="PresencePage.Next"/> of the page before; 0 for the first page.</param>
    /// <param name="about">About how many users a page has.</param>
    Task<PresencePage> ReadPageAsync(Topic topic, ulong from, int about);

    /// <summary>Makes <see cref="Heard"/> be called with the topic's news once the task has completed.</summary>
    Task WatchAsync(Topic topic);

    void Unwatch(Topic topic);

    /// <summary>Notes that this node reports about these topics, so that they can be swept once it has died. To be called before the first
    /// report.</summary>
    Task AddTopicsAsync(IReadOnlyCollection<Topic> topics);

    /// <summary>Notes that a node does not report about these topics any more.</summary>
    Task RemoveTopicsAsync(string? node, IReadOnlyCollection<string> topics);

    /// <summary>The names of the topics about which a node reports, however many there are. Every topic that is noted
    /// from the beginning of the call to its end is included.</summary>
    Task<IReadOnlyCollection<string>> TopicsOfAsync(string? node);

    /// <summary>Announces that this node reports presence, and takes over the sweep of a dead node if there is one.</summary>
    /// <param name="sweeping">The dead node that this node is sweeping already. No other node is given that one meanwhile, and this node is given no
    /// further one.</param>
    Task<PresenceRoll> CallRollAsync(string? sweeping = null);

    /// <summary>Announces that this node stops, and will have to be swept after a delay.</summary>
    Task LeaveAsync(TimeSpan delay);

    /// <summary>Notes that a dead node has been swept.</summary>
    /// <param name="node">The node.</param>
    /// <param name="hadUsers">Whether it had users. If it had none for the second time, it is forgotten.</param>
    /// <param name="lookAgain">If it is not forgotten: after how long somebody is to look again.</param>
    Task SweptAsync(string node, bool hadUsers, TimeSpan lookAgain);
}

/// <param name="IsKnown">False if others have swept this node, or have begun to: it has to report everything again.</param>
/// <param name="DeadNode">A node to sweep, which nobody else is sweeping now; empty if there is none.</param>
/// <param name="IsLooked">Whether it was swept before. This look then finds out whether it has reported anything since.</param>
internal sealed record PresenceRoll(bool IsKnown, string DeadNode, bool IsLooked = false);

/// <param name="Users">Some users; perhaps none.</param>
/// <param name="Next">Where the next page begins; 0 if this was the last. A user who is present during all of the pages is on one of them, perhaps on
/// two.</param>
internal sealed record PresencePage(IReadOnlyList<PresentUser> Users, ulong Next);
