using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Members come back to a topic just when their node gives up its subscription.</summary>
[Collection(OpenGroup.Name)]
public sealed class RejoinTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    private const int Groups = 40;
    private const int Cycles = 4;

    private int _round;

    [Fact]
    public async Task Rejoin_AroundTheEndOfASubscription_HearsEverythingFromThereOn()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/channel/rejoin-p?format=json");
        for (var group = 0; group < Groups; group++)
        {
            await publisher.SendJsonAsync(new { Method = "UserGroup", Group = $"rejoin-{group}" });
        }

        using var enough = new CancellationTokenSource();
        var publishing = PublishAsync(publisher, enough.Token);
        await Task.WhenAll(Enumerable.Range(0, Groups).Select(ComeAndGoAsync)).WaitAsync(TimeSpan.FromSeconds(60));
        await enough.CancelAsync();
        await publishing;
    }

    // A node keeps a subscription for a second after the last member has left, and checks once a second.
    private async Task ComeAndGoAsync(int group)
    {
        var position = "";
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            await using var member = await Cluster.ConnectAsync(1, $"/chat/group/rejoin-{group}/m?format=json{position}");
            var joined = await member.NextFrameAsync();
            Assert.True(joined.Recovered);
            ChatFrame? last = null;
            for (var next = joined.Offset + 1; next <= joined.Offset + 3; next++)
            {
                last = await member.NextFrameAsync("message");
                Assert.Equal(next, last.Offset);
            }

            position = cycle % 2 == 0 ? $"&since={last!.Position}" : "";
            var back = Volatile.Read(ref _round) + Random.Shared.Next(8, 24); // rounds of 0.1 s
            using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            while (Volatile.Read(ref _round) < back)
            {
                await ticks.WaitForNextTickAsync();
            }
        }
    }

    private async Task PublishAsync(ChatClient publisher, CancellationToken enough)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (; !enough.IsCancellationRequested; Interlocked.Increment(ref _round))
        {
            for (var group = 0; group < Groups; group++)
            {
                await publisher.SendJsonAsync(new { Method = "Group", Group = $"rejoin-{group}", MsgBody = "x", MsgId = $"{_round}-{group}" });
            }

            await publisher.UntilAsync(text => text.Contains($"\"id\":\"{_round}-{Groups - 1}\"", StringComparison.Ordinal));
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
