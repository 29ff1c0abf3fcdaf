using System.Reflection;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>Two nodes of a hub, A and B, on whichever server a derived class names.</summary>
public abstract class SignalSpec(RedisFixture redis) : IAsyncLifetime
{
    private readonly List<SignalNode> _nodes = [];

    private protected static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(10); // only a failing test waits this long

    private protected static SignalChannels Channels { get; } = new(typeof(SignalHub).FullName!);

    private protected RedisServer Server => redis.Server;

    private protected RedisKind Kind => GetType().GetCustomAttribute<RunsOnAttribute>()!.Kind;

    private protected SignalNode A => _nodes[0];

    private protected SignalNode B => _nodes[1];

    public async Task InitializeAsync()
    {
        if (RedisFactDiscoverer.WhyNot(GetType()) is null)
        {
            await StartNodeAsync();
            await StartNodeAsync();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private protected async Task<SignalNode> StartNodeAsync(
        SignalLimits? limits = null, string? at = null, Func<StackExchange.Redis.IConnectionMultiplexer, StackExchange.Redis.IConnectionMultiplexer>? wrap = null)
    {
        var node = await SignalNode.StartAsync(at ?? Server.ConnectionString, limits, wrap);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Channels of the hub that somebody listens to, but for those of the nodes themselves.</summary>
    private protected string[] Subscribed() =>
        [.. ((object?[])Server.Execute("PUBSUB", "CHANNELS", typeof(SignalHub).FullName + ":*")!).Cast<string>()
            .Where(channel => channel != Channels.All && !channel.StartsWith(Channels.Node(""), StringComparison.Ordinal))];

    /// <summary>Nothing came before this call does: calls to one client that come over Redis one after the other stay in order.</summary>
    private protected static async Task AssertNothingAsync(SignalNode from, params SignalClient[] clients)
    {
        foreach (var client in clients)
        {
            await from.Hub.SendAllExceptAsync("end", [client.Id], []);
            while (true)
            {
                var next = await client.NextAsync();
                if (next == $"end({client.Id})")
                {
                    break;
                }

                Assert.StartsWith("end(", next, StringComparison.Ordinal); // another client's
            }
        }
    }
}
