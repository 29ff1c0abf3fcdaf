using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

public sealed class OlderRedis() : NodeClusterFixture(nodes: 2, persists: false, ("Chat:Connections:MessagesPerSecond", "0"));

/// <summary>Redis comes back with older data again and again, while nodes publish and topics have members who have received nothing yet.</summary>
public sealed class OlderRedisTests(OlderRedis fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<OlderRedis>
{
    private const int Rounds = 3;

    // The next message takes the offset of a lost one. Once it was delivered to nobody, or taken for delivered.
    [RedisFact]
    public async Task RedisThatCameBackOlder_LeavesNoMemberWithASilentHole()
    {
        await using var ada = await Cluster.ConnectAsync(0, "/chat/user/older-ada?format=json");
        for (var round = 0; round < Rounds; round++)
        {
            var group = $"older-ben{round}";
            await PublishAsync(ada, group, $"{round}-kept");
            Cluster.Redis.Execute("SAVE");
            for (var i = 0; i < 5; i++)
            {
                await PublishAsync(ada, group, $"{round}-lost-{i}");
            }

            await using var ben = await Cluster.ConnectAsync(1, $"/chat/user/{group}?format=json");
            var from = await ben.NextFrameAsync("subscribed");
            Assert.Equal(6, from.Offset);

            await Cluster.Redis.KillAsync();
            Cluster.Nodes[round % 2].Pause(); // one node notices later than the other
            await Cluster.Redis.RestartAsync();
            if (round % 2 == 1)
            {
                await Cluster.Nodes[0].UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
                await PublishAsync(ada, group, $"{round}-early");
            }

            Cluster.Nodes[round % 2].Signal(ChildProcess.SigCont);
            await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
            var first = round % 2 == 1 ? $"{round}-early" : $"{round}-after";
            if (round % 2 == 0)
            {
                await PublishAsync(ada, group, first);
            }

            // He was told of the hole, and has every message acknowledged after the return.
            var seen = await ben.UntilAsync(text => text.Contains($"\"id\":\"{first}\"", StringComparison.Ordinal));
            if (!seen.Any(text => text.Contains("\"recovered\":false", StringComparison.Ordinal)))
            {
                await ben.UntilAsync(text => text.Contains("\"recovered\":false", StringComparison.Ordinal));
            }

            await PublishAsync(ada, group, $"{round}-last");
            await ben.UntilAsync(text => text.Contains($"\"id\":\"{round}-last\"", StringComparison.Ordinal));
        }
    }

    private static async Task PublishAsync(ChatClient from, string to, string id)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        do
        {
            await from.SendJsonAsync(new { Id = to, Msg = "x", MsgId = id });
            var answer = await from.UntilAsync(text => text.Contains($"\"id\":\"{id}\"", StringComparison.Ordinal));
            if (answer[^1].Contains("\"ack\"", StringComparison.Ordinal))
            {
                return;
            }
        }
        while (await ticks.WaitForNextTickAsync());
    }
}
