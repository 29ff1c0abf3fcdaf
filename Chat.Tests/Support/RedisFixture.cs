using Xunit;

namespace Chat.Tests.Support;

/// <summary>One server for all tests of a collection. It starts empty, and each test uses its own topics.</summary>
public abstract class RedisFixture : IAsyncLifetime
{
    private readonly RedisKind _kind;
    private RedisServer? _server;

    private protected RedisFixture(RedisKind kind) => _kind = kind;

    internal RedisServer Server => _server ?? throw new InvalidOperationException(RedisCommandLine.WhyNoRedis);

    public async Task InitializeAsync()
    {
        // Where redis-server is missing, each test reports that by itself.
        if (_kind == RedisKind.Garnet || RedisCommandLine.WhyNoRedis is null)
        {
            _server = await RedisServer.StartAsync(_kind);
        }
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

public sealed class RedisServerFixture() : RedisFixture(RedisKind.Redis);

public sealed class GarnetServerFixture() : RedisFixture(RedisKind.Garnet);

/// <summary>Tests that share a server run one after the other, because some of them kill it.</summary>
[CollectionDefinition(Name)]
public sealed class RedisServerGroup : ICollectionFixture<RedisServerFixture>
{
    public const string Name = "redis-server";
}

[CollectionDefinition(Name)]
public sealed class GarnetServerGroup : ICollectionFixture<GarnetServerFixture>
{
    public const string Name = "garnet";
}
