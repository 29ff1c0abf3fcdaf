using System.Collections.Concurrent;
using System.Diagnostics;
using StackExchange.Redis;

namespace Aspire.StackExchange.Redis;

/// <summary>Groups the client's commands by the activity that sent them, and writes them down as its children.</summary>
internal sealed class ActivityProfiler(IConnectionMultiplexer redis, TimeProvider time) : IProfiler
{
    // An activity that lives longer, as a connection's does, is written down in pieces.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Activity, DateTimeOffset> _since = new(ReferenceEqualityComparer.Instance);

    /// <summary>Asked by the client for every command; null leaves the command out.</summary>
    public object? GetContext()
    {
        if (Activity.Current is not { Recorded: true } sender)
        {
            return null;
        }

        if (_since.TryAdd(sender, time.GetUtcNow()))
        {
            redis.BeginProfiling(sender);
        }

        return sender;
    }

    /// <summary>Writes down the commands of every activity that has ended.</summary>
    public void Flush(ActivitySource source)
    {
        foreach (var (sender, since) in _since)
        {
            if ((sender.IsStopped || time.GetUtcNow() - since > Longest) && _since.TryRemove(sender, out _))
            {
                foreach (var command in redis.FinishProfiling(sender))
                {
                    Write(source, sender, command);
                }
            }
        }
    }

    private static void Write(ActivitySource source, Activity sender, IProfiledCommand command)
    {
        var created = new DateTimeOffset(command.CommandCreated.ToUniversalTime());
        using var span = source.StartActivity(command.Command, ActivityKind.Client, sender.Context, startTime: created);
        span?.SetTag("db.system.name", "redis")
            .SetTag("db.operation.name", command.Command)
            .SetTag("server.address", command.EndPoint?.ToString())
            .SetEndTime((created + command.ElapsedTime).UtcDateTime);
    }
}
