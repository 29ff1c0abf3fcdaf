namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>How long others may take, and how much may wait for a client.</summary>
internal sealed record SignalLimits
{
    public static readonly SignalLimits Default = new();

    /// <summary>Until Redis must have answered; the client of Redis itself waits for ever.</summary>
    public TimeSpan RedisAnswer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Until another node must have answered. Longer than <see cref="RedisAnswer"/>, for which that node may be waiting.</summary>
    public TimeSpan NodeAnswer { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often Redis is asked meanwhile whether the connection is there at all; it may just have gone.</summary>
    public TimeSpan AnswerCheck { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the node of a client that was asked for a result is asked whether it is still there.</summary>
    public TimeSpan ResultCheck { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Until a subscription must have heard what it published itself.</summary>
    public TimeSpan ProbeAnswer { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often subscriptions are looked at that may have broken.</summary>
    public TimeSpan SubscriptionCheck { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of signals that may wait for one client; with more it is too slow, and its connection is aborted.</summary>
    public int UnsentBytes { get; init; } = 1024 * 1024;
}
