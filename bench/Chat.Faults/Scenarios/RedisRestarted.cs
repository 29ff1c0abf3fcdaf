using System.Globalization;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

internal sealed class RedisRestartedEmpty() : Scenario(
    "redis-empty", "Redis is killed and comes back empty", "clients that may miss something are told; messages acknowledged afterwards are not lost")
{
    public override bool Compares => true;

    public override bool MayTellOfHoles => true;

    public override bool RedisForgets => true;

    public override Task BreakAsync(Stage stage) => stage.RestartRedisAsync();
}

internal sealed class RedisRestarted() : Scenario(
    "redis-restart", "Redis is killed and comes back with everything that it had acknowledged", "connections stay open; no client is told of a hole")
{
    public override ClusterOptions Cluster => new() { Persists = true };

    public override bool KeepsConnections => true;

    public override Task BreakAsync(Stage stage) => stage.RestartRedisAsync();
}

internal sealed class RedisPaused() : Scenario(
    "redis-pause", "Redis is frozen for 8 s (SIGSTOP)", "nodes are unready within 5 s; connections stay open; no client is told of a hole")
{
    public override bool Compares => true;

    public override bool KeepsConnections => true;

    public override async Task BreakAsync(Stage stage)
    {
        stage.Begin("Redis stands still");
        stage.Cluster.Redis.Pause();
        var unready = stage.UntilUnreadyAsync(stage.Cluster.Nodes);
        await Task.Delay(TimeSpan.FromSeconds(8));
        await unready;
        stage.Cluster.Redis.Resume();
        stage.End("Redis goes on");
        await stage.RunAsync(seconds: 15);
    }
}

internal sealed class RedisOutOfMemory() : Scenario(
    "redis-full", "Redis is out of memory for 10 s", "senders are told to try again; connections stay open; no client is told of a hole")
{
    public override bool KeepsConnections => true;

    public override string? WhyNot() => Chat.Tests.Support.RedisCommandLine.WhyNoRedis;

    public override async Task BreakAsync(Stage stage)
    {
        var before = stage.Load.Ledger.Count;
        stage.Cluster.Redis.Execute("CONFIG", "SET", "maxmemory-policy", "noeviction");
        stage.Begin("Redis takes nothing more");
        stage.Cluster.Redis.Execute("CONFIG", "SET", "maxmemory", "1");
        await stage.RunAsync(seconds: 10);
        stage.Cluster.Redis.Execute("CONFIG", "SET", "maxmemory", "0");
        stage.End("there is room again");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"{stage.Load.Ledger.Count - before} messages sent meanwhile"));
        await stage.RunAsync(seconds: 15);
    }
}
