using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The promises of a store in Redis, seen from two nodes, on every kind of server.</summary>
/// <param name="redis">The server.</param>
/// <param name="prefix">The prefix of the nodes' keys and channels.</param>
public abstract class TwoNodesSpec(RedisFixture redis, string prefix = "") : IAsyncLifetime
{
    private RedisBackplaneNode? _a;
    private RedisBackplaneNode? _b;

    private protected RedisFixture Redis => redis;

    private protected string Prefix => prefix;

    /// <summary>False where the server is not installed and all tests are skipped.</summary>
    private protected bool HasNodes => _a is not null;

    private protected RedisBackplaneNode NodeA => _a!;

    private protected RedisBackplaneNode NodeB => _b!;

    public virtual async Task InitializeAsync()
    {
        if (redis is GarnetServerFixture || RedisCommandLine.WhyNoRedis is null)
        {
            _a = await RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, prefix: prefix);
            _b = await RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, prefix: prefix);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in new[] { _a, _b }.OfType<RedisBackplaneNode>())
        {
            await node.DisposeAsync();
        }
    }
}
