using System.Globalization;
using Chat.Api.Backplane;

namespace Chat.Tests.Simulation;

/// <summary>What <see cref="Chat.Api.Redis.RedisLives"/> is: lives of Redis that lost something are told to the other nodes by a set in Redis.</summary>
internal sealed class SimulatedLives(World world, SimulatedBackplane backplane, IBackplaneListener listener, TimeProvider clock)
{
    private readonly SortedDictionary<string, long> _undated = new(StringComparer.Ordinal);

    public BrokenLives Broken { get; } = new();

    /// <summary>One turned out to have lost something acknowledged.</summary>
    public void Found(string life, long metAt)
    {
        world.Trace($"broken life {life}");
        _undated.TryAdd(life, metAt);
        Learn(life, began: 0);
        Share();
    }

    /// <summary>Called once a tick.</summary>
    public void Share()
    {
        if (backplane.IsUp && world.Fault != Fault.BrokenLifeUnshared)
        {
            _ = ShareAsync();
        }
    }

    private async Task ShareAsync()
    {
        try
        {
            if (_undated.Count > 0)
            {
                var now = await backplane.CallAsync(_ => world.Microseconds);
                foreach (var (life, metAt) in _undated.ToArray())
                {
                    Learn(life, now - (long)clock.GetElapsedTime(metAt).TotalMicroseconds);
                    _undated.Remove(life);
                }
            }

            var written = await backplane.CallAsync(redis => redis.BrokenLives());
            foreach (var entry in written)
            {
                var at = entry.IndexOf('@', StringComparison.Ordinal);
                Learn(entry[..at], long.Parse(entry.AsSpan(at + 1), CultureInfo.InvariantCulture));
            }

            string[] missing = [.. Broken.All.Where(life => life.Value > 0)
                .Select(life => string.Create(CultureInfo.InvariantCulture, $"{life.Key}@{life.Value}"))
                .Except(written).Order(StringComparer.Ordinal)];
            if (missing.Length > 0)
            {
                await backplane.CallAsync(redis =>
                {
                    redis.AddBrokenLives(missing);
                    return true;
                });
            }
        }
        catch (BackplaneUnavailableException)
        {
            // The next tick asks again.
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
