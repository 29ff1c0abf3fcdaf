namespace Chat.Api.Operations;

/// <summary>What a node has counted since <paramref name="SinceMs"/>, when somebody began to look; not since its start.</summary>
/// <param name="SinceMs">By the clock of <see cref="NodeReport.Ms"/>. Only counts with the same beginning can be compared.</param>
/// <param name="Received">Messages from clients.</param>
/// <param name="Published">Messages that Redis has confirmed.</param>
/// <param name="Failed">Messages not published, or not known to be.</param>
/// <param name="PublishMs">How long all confirmations took together.</param>
/// <param name="Delivered">Messages put into outboxes.</param>
/// <param name="SentBytes">Bytes sent to clients.</param>
/// <param name="Slow">Connections closed because their outbox was full.</param>
/// <param name="Holes">How often messages were missed that no log had any more.</param>
/// <param name="Refused">How often limits refused something.</param>
internal sealed record NodeCounts(
    long SinceMs, long Received, long Published, long Failed, double PublishMs, long Delivered, long SentBytes, long Slow, long Holes, long Refused);
