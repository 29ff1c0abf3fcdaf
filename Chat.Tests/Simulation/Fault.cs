namespace Chat.Tests.Simulation;

/// <summary>What is broken on purpose, to see that the simulation finds it: each was once in the product, and was found in a review or
/// an experiment. The product has no switch for them: they are in what the simulation puts around it.</summary>
internal enum Fault
{
    None,

    /// <summary>A node does not ask which life of Redis it talks to: one that comes back older gives offsets again, and nobody is told.</summary>
    LifeUnchecked,

    /// <summary>A node does not look for its last acknowledgement in a new life of Redis: what no position shows as lost is never told.</summary>
    LastAckUnchecked,

    /// <summary>Only the node that found a life to have lost something tells its members, and not the others'.</summary>
    BrokenLifeUnshared,

    /// <summary>A node that comes back to another life of Redis deletes the log, and what was acknowledged to others meanwhile.</summary>
    LogDeletedOnReturn,

    /// <summary>Nodes do not tell each other how far the logs of quiet topics go: a last message that pub/sub loses is missed in silence.</summary>
    HeadsUntold,

    /// <summary>What shows a gap while a topic reads its log is taken to be in that read, which may have been too early.</summary>
    DoubtLostDuringRead,

    /// <summary>What waits for a client of server-sent events or long polling goes out in pieces that end in the midst of a record.</summary>
    RecordsCutInStreams,

    /// <summary>Subscriptions that have gone deaf are not found and made anew.</summary>
    DeafnessUnnoticed,

    /// <summary>After subscriptions are in place again, topics do not look into their logs.</summary>
    RestoredUntold,

    /// <summary>A removal takes effect by its channel alone: a node that read it from the log keeps the user in.</summary>
    RemovalOverlookedInLog,

    /// <summary>A user's other devices are not told of a joining.</summary>
    JoinUnannounced,

    /// <summary>A member is not looked up again after a joining or at a return: who left meanwhile stays in.</summary>
    MembershipNotLookedUp,

    /// <summary>Logs are trimmed by the clock of the node that publishes.</summary>
    TrimmedByNodesClock,

    /// <summary>Ids of messages are forgotten sooner than the messages: one that is sent again is there twice.</summary>
    IdsForgottenEarly,

    /// <summary>A node reports presence before it is among those that will be swept.</summary>
    PresenceBeforeRoll,

    /// <summary>A node that others have swept, though it lives, does not report its users again.</summary>
    SweptUnnoticed,

    /// <summary>A list of who is present that was asked for before something was missed is taken as good.</summary>
    StaleListTaken,
}
