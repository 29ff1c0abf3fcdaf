namespace Chat.Tests.Simulation;

/// <summary>Faults that are put in on purpose, to see that the simulation finds them. Nearly each was once in the product and was found in a review or an
/// experiment. The product has no switches for them: they are in the simulated parts around it.</summary>
internal enum Fault
{
    None,

    /// <summary>A node does not ask which life of Redis it talks to. A Redis that comes back with older data assigns offsets again, and nobody is told.</summary>
    LifeUnchecked,

    /// <summary>A node does not look for its last acknowledgement in a new life of Redis, so a loss that no position reveals is never told.</summary>
    LastAckUnchecked,

    /// <summary>The node that finds that a life has lost something tells only its own members, not those of other nodes.</summary>
    BrokenLifeUnshared,

    /// <summary>A node that comes back to another life of Redis deletes the log, with messages that were acknowledged to others meanwhile.</summary>
    LogDeletedOnReturn,

    /// <summary>Nodes do not tell each other how far the logs of quiet topics go, so a last message that pub/sub loses is missed silently.</summary>
    HeadsUntold,

    /// <summary>News of a gap that arrives while a topic reads its log is taken to be covered by that read, which may have been too early.</summary>
    DoubtLostDuringRead,

    /// <summary>Data that wait for a client of server-sent events or long polling are sent in pieces that end in the middle of a record.</summary>
    RecordsCutInStreams,

    /// <summary>Subscriptions that have gone deaf are not detected and renewed.</summary>
    DeafnessUnnoticed,

    /// <summary>Topics do not check their logs after subscriptions have been restored.</summary>
    RestoredUntold,

    /// <summary>A message that is deleted keeps its text in the log.</summary>
    DeletedTextKept,

    /// <summary>A removal takes effect by its channel alone: a node that reads it from the log keeps the user in.</summary>
    RemovalOverlookedInLog,

    /// <summary>A user's other devices are not told that one device has joined a group.</summary>
    JoinUnannounced,

    /// <summary>A membership is not looked up again after a join or a return, so a user who left meanwhile stays in.</summary>
    MembershipNotLookedUp,

    /// <summary>Logs are trimmed by the clock of the node that publishes.</summary>
    TrimmedByNodesClock,

    /// <summary>Ids of messages are forgotten before the messages, so a message that is sent again is in the log twice.</summary>
    IdsForgottenEarly,

    /// <summary>A node reports presence before it is on the roll of nodes that are swept when they die.</summary>
    PresenceBeforeRoll,

    /// <summary>A node that others have swept while it was alive does not report its users again.</summary>
    SweptUnnoticed,

    /// <summary>A presence list that was requested before something was missed is accepted as current.</summary>
    StaleListTaken,
}
