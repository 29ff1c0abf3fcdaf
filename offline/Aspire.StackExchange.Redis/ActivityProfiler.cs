using System.Collections.Concurrent;
using System.Diagnostics;
using StackExchange.Redis.Profiling;

namespace Aspire.StackExchange.Redis;

/// <summary>Groups the client's commands by the activity that sent them, and records them as children of that activity.</summary>
internal sealed class ActivityProfiler(TimeProvider time)
{
    // An activity that lives longer, as a connection's does, is recorded in pieces.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Activity, (ProfilingSession Session, DateTimeOffset Since)> _senders = new(ReferenceEqualityComparer.Instance);

    /// <summary>Called by the client for every command; null leaves the command out.</summary>
    public ProfilingSession? GetSession() =>
        Activity.Current is { Recorded: true } sender
            ? _senders.GetOrAdd(sender, static (_, time) => (new ProfilingSession(), time.GetUtcNow()), time).Session
            : null;

    /// <summary>Records the commands of every activity that has ended.</summary>
    public void Flush(ActivitySource source)
    {
        foreach (var (sender, (_, since)) in _senders)
        {
            if ((sender.IsStopped || time.GetUtcNow() - since > Longest) && _senders.TryRemove(sender, out var removed))
            {
                foreach (var command in removed.Session.FinishProfiling())
                {
                    Record(source, sender, command);
                }
            }
        }
    }

    private static void Record(ActivitySource source, Activity sender, IProfiledCommand command)
    {
        var created = new DateTimeOffset(command.CommandCreated.ToUniversalTime());
        using var span = source.StartActivity(command.Command, ActivityKind.Client, sender.Context, startTime: created);
        span?.SetTag("db.system.name", "redis")
            .SetTag("db.operation.name", command.Command)
            .SetTag("server.address", command.EndPoint?.ToString())
            .SetEndTime((created + command.ElapsedTime).UtcDateTime);
    }
}
