using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Redis fails between a connection's upgrade and the answer to its handshake. The connection was once sent a close message at that point,
/// where clients understand nothing but an answer: "Expected a handshake response from the server."</summary>
public sealed class TryLaterTests : HubTest
{
    private const string Words = "try again later";

    private readonly string _anna = Unique("anna");

    public TryLaterTests(HubCluster cluster, ITestOutputHelper output)
        : base(cluster, output) => Break();

    [Theory]
    [InlineData(HubTransport.WebSockets, false)]
    [InlineData(HubTransport.WebSockets, true)]
    [InlineData(HubTransport.ServerSentEvents, false)]
    [InlineData(HubTransport.LongPolling, true)]
    public async Task DotNetClient_IsToldInPlaceOfTheHandshake(HubTransport transport, bool isPacked)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            HubDotNetClient.ConnectAsync(Node, _anna, transport, new HubClientOptions { SpeaksMessagePack = isPacked }));

        Assert.Contains(Words, refused.Message, StringComparison.Ordinal);
    }

    [NodeJsFact]
    public async Task JavaScriptClients_AreToldInPlaceOfTheHandshake()
    {
        await using var script = await HubScript.StartAsync();
        foreach (var (library, transport, isPacked) in new[]
        {
            (HubLibrary.JavaScript, HubTransport.WebSockets, false),
            (HubLibrary.JavaScript, HubTransport.WebSockets, true),
            (HubLibrary.JavaScript, HubTransport.LongPolling, false),
            (HubLibrary.Seed, HubTransport.WebSockets, false),
        })
        {
            var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
                script.ConnectAsync(library, Node, _anna, transport, new HubClientOptions { SpeaksMessagePack = isPacked }));

            Assert.Contains(Words, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DotNetClient_ThatComesBackMeanwhile_GoesOnTrying()
    {
        Mend();
        var attempts = 0;
        await using var anna = await HubDotNetClient.ConnectAsync(
            () =>
            {
                Interlocked.Increment(ref attempts);
                return Node;
            },
            _anna, options: new HubClientOptions { Reconnects = true });
        var before = Volatile.Read(ref attempts);
        Break();
        anna.Break();
        await Eventually.TrueAsync(() => Volatile.Read(ref attempts) > before + 1); // so at least one attempt was told to try later
        Mend();
        await anna.ReconnectedAsync();
    }

    [Fact]
    public async Task ClientLibrary_GoesOnTrying()
    {
        var attempts = 0;
        var connecting = Chat.Client.ChatClient.ConnectAsync(new Chat.Client.ChatClientOptions
        {
            Server = Node,
            Token = async _ =>
            {
                Interlocked.Increment(ref attempts);
                return await HubToken.FetchAsync(Node, _anna);
            },
            FirstDelay = TimeSpan.FromMilliseconds(50),
            LongestDelay = TimeSpan.FromMilliseconds(100),
        });
        await Eventually.TrueAsync(() => connecting.IsCompleted || Volatile.Read(ref attempts) > 1);
        Mend();

        await using var anna = await connecting.WaitAsync(ChatClient.Deadline);
    }

    private Uri Node => Cluster.Nodes.Nodes[0].Address;

    private string Groups => $"{{user:{_anna}}}:groups";

    // Redis answers the node's commands for this user with an error.
    private void Break() => Execute("SET", Groups, "no hash");

    private void Mend() => Execute("DEL", Groups);

    private void Execute(params string[] command)
    {
        using var redis = new RedisClient(Cluster.Nodes.Redis.Port);
        redis.Execute(command);
    }
}
