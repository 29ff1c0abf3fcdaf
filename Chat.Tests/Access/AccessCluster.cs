using System.Text.Json.Nodes;
using Chat.Api.Access;
using Chat.Tests.Auth;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>Two nodes with rules, and a third node's access to Redis, through which a test bans and mutes.</summary>
public sealed class AccessCluster() : NodeClusterFixture(
    nodes: 2,
    persists: false,
    [.. Unlimited.Sending,
    ("Auth:SecurityKey", TestToken.Key),
    ("Chat:Access:Rules:0:Topics", "group:closed-*"),
    ("Chat:Access:Rules:0:Join", "service"),
    ("Chat:Access:Rules:1:Topics", "group:news-*"),
    ("Chat:Access:Rules:1:Post", "service"),
    ("Chat:Access:Rules:2:Topics", "group:past-*"),
    ("Chat:Access:Rules:2:History", "nobody"),
    ("Chat:Access:Rules:3:Topics", "group:dark-*"),
    ("Chat:Access:Rules:3:Presence", "nobody"),
    ("Chat:Access:Rules:4:Topics", "user:hermit-*"),
    ("Chat:Access:Rules:4:Post", "nobody")]), IAsyncLifetime
{
    private RedisBackplaneNode? _node;

    protected override bool IsBroken => false;

    internal RedisBackplaneNode Node => _node!;

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        _node = await RedisBackplaneNode.StartAsync(Cluster.Redis.ConnectionString);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await (_node?.DisposeAsync() ?? ValueTask.CompletedTask);
        await DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class AccessGroupOfTests : ICollectionFixture<AccessCluster>
{
    public const string Name = "access";
}

/// <summary>A test on those nodes.</summary>
[Collection(AccessGroupOfTests.Name)]
public abstract class AccessTest(AccessCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    private protected Sanctions Sanctions { get; } = new(fixture.Node.Sanctions, new AccessMetrics(NoMeters.Instance));

    /// <summary>A name that no other test uses.</summary>
    private protected static string Unique(string name) => $"{name}-{Guid.NewGuid():N}";

    /// <param name="user">The token's user.</param>
    /// <param name="chat">The claim of this name, as JSON.</param>
    /// <param name="role">The claim of this name.</param>
    private protected static string Token(string user, string? chat = null, string? role = null)
    {
        var claims = TestToken.Claims(user, DateTimeOffset.UtcNow.AddHours(1));
        if (chat is not null)
        {
            claims["chat"] = JsonNode.Parse(chat);
        }

        if (role is not null)
        {
            claims["role"] = role;
        }

        return TestToken.Hmac(claims);
    }

    private protected Task<ChatClient> ConnectAsync(int node, string path, string? token = null) =>
        ChatClient.ConnectAsync(Cluster.Nodes[node].Address, path, token);

    private protected Task<HubDotNetClient> HubAsync(
        int node, string nick, string? token = null, HubTransport transport = HubTransport.WebSockets, string query = "", bool packs = false) =>
        HubDotNetClient.ConnectAsync(
            Cluster.Nodes[node].Address, nick, transport, new HubClientOptions { Token = () => token ?? Token(nick), Query = query, SpeaksMessagePack = packs });

    private protected static async Task AssertRefusedAsync(Func<Task> connect) =>
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(connect)).Status);

    private protected static async Task<string> AssertForbiddenAsync<T>(Func<Task<T>> call)
    {
        var message = (await Assert.ThrowsAsync<HubException>(call)).Message;
        Assert.Contains("forbidden: ", message, StringComparison.Ordinal);
        return message;
    }

    /// <summary>Asserts that the next error says that the user may not do that in this topic.</summary>
    private protected static async Task<ChatFrame> AssertForbiddenAsync(ChatClient client, string topic, string? id = null)
    {
        var error = await client.NextFrameAsync("error");
        Assert.Equal(("forbidden", false, topic, id), (error.Code, error.Retry, error.Topic, error.Id));
        return error;
    }
}
