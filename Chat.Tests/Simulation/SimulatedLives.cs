using System.Globalization;
using Chat.Api.Backplane;

namespace Chat.Tests.Simulation;

/// <summary>Stands in for <see cref="Chat.Api.Redis.RedisLives"/>: nodes tell each other which lives of Redis lost something, by a set in Redis.</summary>
internal sealed class SimulatedLives(World world, SimulatedBackplane backplane, IBackplaneListener listener)
{
    public BrokenLives Broken { get; } = new();

    /// <summary>Called when a life turned out to have lost something acknowledged.</summary>
    public void Found(string life, long began)
    {
        world.Trace($"broken life {life}");
        Learn(life, began);
        Share();
    }

    /// <summary>Called when the link comes up, and once a tick.</summary>
    public void Share()
    {
        if (world.Fault != Fault.BrokenLifeUnshared)
        {
            backplane.Commands.TrySend(static redis => redis.BrokenLives(), written => Heard((string[])written!));
        }
    }

    private void Heard(string[] written)
    {
        foreach (var entry in written)
        {
            var at = entry.IndexOf('@', StringComparison.Ordinal);
            Learn(entry[..at], long.Parse(entry.AsSpan(at + 1), CultureInfo.InvariantCulture));
        }

        string[] missing = [.. Broken.All
            .Select(life => string.Create(CultureInfo.InvariantCulture, $"{life.Key}@{life.Value}"))
            .Except(written).Order(StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            backplane.Commands.TrySend(redis =>
            {
                redis.AddBrokenLives(missing);
                return null;
            });
        }
    }

    private void Learn(string life, long began)
    {
        if (Broken.TryAdd(life, began))
        {
            listener.OnLifeBroken(life);
        }
    }
}
