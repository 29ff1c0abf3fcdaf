using Chat.Tests.Support;
using Edge.Proxy;
using Edge.Proxy.Affinity;
using Edge.Proxy.Nodes;
using Edge.Proxy.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Chat.Tests.Edge;

/// <summary>How an edge follows the registry of nodes.</summary>
public sealed class NodeFollowerTests
{
    // Once the announcement was forgotten with the reading that failed, and connections were sent to the node until the grace was over.
    [RedisFact]
    public async Task Node_WhoseEndWasAnnounced_WhileTheListCouldNotBeRead_GoesWithTheNextReading()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        var (clock, keys, options) = (new ManualTimeProvider(), new NodeKeys(""), Options.Create(new EdgeOptions { AffinityKey = "0123456789abcdef" }));
        var destinations = new NodeDestinations(options);
        var list = new NodeList(redis, keys, TimeProvider.System);
        foreach (var id in (string[])["a", "b"])
        {
            server.Execute("HSET", $"{keys.Info}", id, $$"""{"id":"{{id}}","address":"http://localhost:1","state":"ready"}""");
            server.Execute("ZADD", $"{keys.Leases}", "99999999999999", id);
        }

        using var follower = new NodeFollower(
            new NodeRegistry(list, keys), destinations, new NodeCookie(options), options, clock, NullLogger<NodeFollower>.Instance);
        await follower.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.Zero); // the first timer is due; no grace is ever over
            return Known() is ["a", "b"];
        });

        server.Execute("ACL", "SETUSER", "default", "-eval");
        server.Execute("ZREM", $"{keys.Leases}", "b");
        list.Announce("b");
        await Eventually.TrueAsync(() => server.Execute("ACL", "LOG") is object?[] { Length: > 0 }); // the reading was refused
        server.Execute("ACL", "SETUSER", "default", "+eval");
        await Eventually.TrueAsync(() =>
        {
            list.Announce("c"); // wakes the follower
            return Known() is ["a"];
        });
        await follower.StopAsync(CancellationToken.None);

        string[] Known() => [.. destinations.Provider.GetConfig().Clusters.Single().Destinations!.Keys.Order()];
    }
}
