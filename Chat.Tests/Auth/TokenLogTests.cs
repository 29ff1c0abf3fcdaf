using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Secrets that pass through a node must not appear in its logs and traces, even if it logs and traces all it can.</summary>
public sealed class TokenLogTests : IAsyncLifetime
{
    private OtlpSink? _sink;

    public async Task InitializeAsync() => _sink = await OtlpSink.StartAsync();

    public async Task DisposeAsync() => await _sink!.DisposeAsync();

    [Fact]
    public async Task Node_AtLevelTrace_WritesNeitherTokensNorWhatPeopleWrote()
    {
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, new Dictionary<string, string>(_sink!.Settings.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)))
        {
            ["Logging:OpenTelemetry:LogLevel:Default"] = "Trace",
            ["Auth:SecurityKey"] = TestToken.Key,
        });
        var accepted = TestToken.For("anna");
        var newer = TestToken.For("anna", TimeSpan.FromHours(2));
        var others = TestToken.For("ben");
        const string Text = "what-people-wrote";

        foreach (var transport in new[] { HubTransport.WebSockets, HubTransport.LongPolling, HubTransport.ServerSentEvents })
        {
            await using var hub = await HubDotNetClient.ConnectAsync(node.Address, "anna", transport, new HubClientOptions { Token = () => accepted });
            await hub.RefreshAsync(newer);
            await Assert.ThrowsAnyAsync<Exception>(() => hub.RefreshAsync(others));
            await hub.PostAsync("first", Text);
            await hub.SendAsync("ben", Text);
            await hub.HistoryAsync("first");
        }

        await using (var raw = await ChatClient.ConnectAsync(node.Address, "/chat/all/anna", accepted))
        {
            await raw.SendAsync(Text);
            await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(node.Address, "/chat/all/anna", others));
            await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(node.Address, "/chat/all/anna", others + "x"));
        }

        await node.StopAsync(ChatClient.Deadline);

        Assert.Contains(_sink.All, exported => exported.Contains("refresh", StringComparison.Ordinal)); // proves that calls are logged
        foreach (var secret in new[] { accepted, newer, others, Text, TestToken.Key })
        {
            foreach (var written in _sink.All.Append(node.Output))
            {
                var at = written.IndexOf(secret, StringComparison.Ordinal);
                Assert.True(at < 0, $"Written: {written[Math.Max(0, at - 200)..Math.Max(0, Math.Min(written.Length, at + 50))]}");
            }
        }
    }
}
