using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>The information in traces of a node and of the edge, and the information that they must not contain.</summary>
public sealed class SpanTests
{
    private const string Group = "secret-group";
    private const string User = "secret-user";
    private const string Text = "secret-text";

    [Fact]
    public async Task Spans_BearRoutes_AndNoIdsOrTexts_AndProbesHaveNone()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, sink.Settings.ToDictionary(pair => pair.Key, pair => pair.Value));

        await node.ListAsync();
        using (var notSampled = new HttpRequestMessage(HttpMethod.Get, "/api/nodes?secret-poll=1"))
        {
            notSampled.Headers.Add("traceparent", "00-5ec2e700000000000000000000000001-5ec2e70000000001-00"); // as the page does
            await node.Http.SendAsync(notSampled);
        }

        await node.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await using (var client = await ChatClient.ConnectAsync(node.Address, $"/chat/group/{Group}/{User}?format=json"))
        await using (var other = await ChatClient.ConnectAsync(node.Address, $"/chat/group/{Group}/{User}-2?format=json"))
        {
            await client.SendJsonAsync(new { Msg = Text, MsgId = "m-1" });
            await client.NextFrameAsync("ack");
            await other.NextFrameAsync("message"); // else all clients could be gone before the message arrives, and nothing would be delivered
            await client.CloseAsync();
        }

        await using (var hub = await HubDotNetClient.ConnectAsync(node.Address, User))
        {
            await hub.PostAsync(Group, Text);
            await hub.StopAsync();
        }

        await SpansAsync(sink, node, "GET /api/nodes", "WebSocket /chat/group/{groupId}/{userId}", "WebSocket /signalr/chat", "chat.publish", "chat.deliver");
        await node.StopAsync(ChatClient.Deadline);
        AssertTellNothing(sink, Group, User, Text, "secret-poll", "/health", "/alive", "\x5e\xc2\xe7\0\0\0\0\0\0\0\0\0\0\0\0\x01");
    }

    // Covers spans of requests that the edge receives, and of requests that it sends to nodes.
    [Fact]
    public async Task SpansOfTheEdge_BearRoutes_AndNoIds_AndProbesHaveNone()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, new Dictionary<string, string>());
        await using var edge = await EdgeProcess.StartAsync(redis.ConnectionString, sink.Settings);

        await using (var client = await edge.ConnectAsync($"/chat/group/{Group}/{User}?format=json"))
        {
            await client.SendJsonAsync(new { Msg = Text, MsgId = "m-1" });
            await client.NextFrameAsync("ack");
            await client.CloseAsync();
        }

        using (var answer = await edge.Http.GetAsync($"/api/auth/token?nick={User}"))
        {
            Assert.True(answer.IsSuccessStatusCode);
        }

        using (var refused = await edge.Http.GetAsync($"/chat/group/{Group}/{User}?access_token=secret-token"))
        {
            Assert.False(refused.IsSuccessStatusCode);
        }

        using (var none = await edge.Http.GetAsync($"/{Group}/{User}"))
        {
            Assert.False(none.IsSuccessStatusCode);
        }

        await SpansAsync(sink, edge, "WebSocket /chat/{**rest}", "GET /api/auth/{**rest}", node.Address.Authority);
        await edge.StopAsync(ChatClient.Deadline);
        AssertTellNothing(sink, Group, User, Text, "secret-token", "/health", "/alive");
    }

    private static async Task SpansAsync(OtlpSink sink, ServerProcess server, params string[] names)
    {
        string Missing() => string.Join(", ", names.Where(name => !sink.Traces.Any(text => text.Contains(name, StringComparison.Ordinal))));
        try
        {
            await Eventually.TrueAsync(() => Missing().Length == 0);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"No span of {Missing()} has come.\n{server.Output}");
        }
    }

    private static void AssertTellNothing(OtlpSink sink, params string[] secrets)
    {
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(sink.Traces, text => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    // Traces, metrics and logs once each waited for it in turn: 5 s and more, after everything else had ended.
    [Fact]
    public async Task Node_WhoseCollectorNeverAnswers_StopsAllTheSame()
    {
        await using var sink = await OtlpSink.StartAsync(answers: false);
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(redis.ConnectionString, sink.Settings.ToDictionary(pair => pair.Key, pair => pair.Value));
        await node.ListAsync();
        await sink.Asked;

        await node.StopAsync(ChatClient.Deadline);
    }
}
