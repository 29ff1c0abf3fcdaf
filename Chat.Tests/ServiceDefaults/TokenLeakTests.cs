using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>A token in a URL, with processes that log and trace all they can.</summary>
public sealed class TokenLeakTests : IAsyncLifetime
{
    private const string Token = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0";
    private const string ConnectionId = "bGlrZSBhIHNlY3JldA"; // of a hub connection: as good as a secret
    private const string Marker = "seen-in-the-log"; // also in the URL, which proves that URLs are logged

    private OtlpSink? _sink;

    public async Task InitializeAsync() => _sink = await OtlpSink.StartAsync();

    public async Task DisposeAsync() => await _sink!.DisposeAsync();

    [Theory]
    [InlineData("access_token=" + Token)]
    [InlineData("Access%5Ftoken=" + Token)]
    [InlineData("access_token=" + Token + "&access_token=other")]
    [InlineData("access_token=%20" + Token)]
    public async Task Edge_AtLevelTrace_NeverWritesTheTokenOrTheConnection_AndPassesTheTokenOnAsAHeader(string parameter)
    {
        await using var node = await FakeNode.StartAsync("node");
        await using var edge = await EdgeProcess.StartAsync("", [("Edge:Upstream", node.Node.Address), .. Verbose()]);

        await RequestAsync(edge.Address, parameter);

        Assert.Equal($"/chat/user/1?x={Marker}", node.LastChat.Target);
        Assert.Equal(parameter == "access_token=" + Token || parameter.StartsWith('A') ? "Bearer " + Token : "", node.LastChat.Authorization);
        await AssertSilentAsync(() => edge.Output, () => edge.StopAsync(ChatClient.Deadline));
    }

    [Fact]
    public async Task Node_AtLevelTrace_NeverWritesTheTokenOrTheConnection()
    {
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, Verbose().ToDictionary(pair => pair.Key, pair => pair.Value));

        await RequestAsync(node.Address, "access_token=" + Token);

        await AssertSilentAsync(() => node.Output, () => node.StopAsync(ChatClient.Deadline));
    }

    /// <summary>Sends every kind of request that may carry a token, and some that may not.</summary>
    private static async Task RequestAsync(Uri server, string parameter)
    {
        await RawHttp.SendAsync(server, $"/signalr/chat?id={ConnectionId}&{parameter}", ["Accept: text/event-stream"]);
        await RawHttp.SendAsync(server, $"/signalr/chat/negotiate?negotiateVersion=1&{parameter}", ["Content-Length: 0"], "POST");
        await RawHttp.SendAsync(server, $"/api/nodes?{parameter}");
        await RawHttp.SendAsync(server, $"/?{parameter}");
        await RawHttp.SendAsync(server, $"/signalr/chat?{parameter} and more"); // an invalid request line
        await RawHttp.SendAsync(server, "/signalr/chat", [$"Authorization Bearer {Token}"]); // an invalid header
        await RawHttp.SendAsync(server, $"/chat/user/1?{parameter}&x={Marker}", ["Connection: Upgrade, close", .. RawHttp.Upgrade()[1..]]); // a node refuses the token
    }

    private async Task AssertSilentAsync(Func<string> output, Func<Task> stopAsync)
    {
        await Eventually.TrueAsync(() => output().Contains(Marker, StringComparison.Ordinal));
        await Eventually.TrueAsync(() => _sink!.Traces.Any(text => text.Contains(" /chat/", StringComparison.Ordinal)));
        await stopAsync();

        Assert.Contains(_sink!.All, text => text.Contains(Marker, StringComparison.Ordinal));
        foreach (var secret in (string[])[Token, ConnectionId])
        {
            Assert.DoesNotContain(secret, output(), StringComparison.Ordinal);
            Assert.DoesNotContain(_sink.All, text => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    // The console's own rule takes precedence over those for all.
    private (string Key, string Value)[] Verbose() =>
    [
        ("Logging:Console:LogLevel:Default", "Trace"),
        ("Logging:OpenTelemetry:LogLevel:Default", "Trace"),
        .. _sink!.Settings,
    ];
}
