namespace Chat.Api.Connections;

/// <summary>One look at all connections, about once a second.</summary>
/// <param name="Now">The timestamp.</param>
/// <param name="Pings">Whether it is the connection's turn to be pinged.</param>
/// <param name="AwakeFor">How long ago the node woke from a standstill (a stopped process, a paused machine) so long that clients may
/// seem silent although they are not; null if there was none.</param>
internal readonly record struct TendingRound(long Now, bool Pings = false, TimeSpan? AwakeFor = null);
