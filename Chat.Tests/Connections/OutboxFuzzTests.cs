using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class OutboxFuzzTests
{
    private static readonly ConnectionMetrics Metrics = new(NoMeters.Instance);

    // At any pace of the client, and whenever it is closed: whole frames, in order, with the close frame last.
    [Fact]
    public async Task Frames_AtAnyPace_ComeWholeAndInOrder()
    {
        var seed = Random.Shared.Next();
        for (var run = 0; run < 300; run++)
        {
            await RunAsync(seed + run);
        }
    }

    [Fact]
    public async Task Frames_OfSeveralThreads_KeepEachThreadsOrder()
    {
        var client = new FakeSender(room: 100);
        var outbox = new Outbox(client, int.MaxValue, Metrics);
        var threads = Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                outbox.TryEnqueue(new Frame([(byte)thread, (byte)(i >> 8), (byte)i]));
                client.Read(2);
            }
        }));
        await Task.WhenAll(threads);
        client.Read(long.MaxValue);
        await client.SentAsync(4500);

        foreach (var thread in client.Sent.Chunk(3).GroupBy(frame => frame[0]))
        {
            Assert.Equal(Enumerable.Range(0, 500), thread.Select(frame => (frame[1] << 8) | frame[2]));
        }
    }

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var client = new FakeSender(room: random.Next(200));
        var outbox = new Outbox(client, 100_000, Metrics);
        var frames = new List<byte[]>();
        for (var step = random.Next(60); step > 0; step--)
        {
            switch (random.Next(4))
            {
                case 0:
                    client.Read(random.Next(300));
                    break;
                case 1:
                    await Task.Yield(); // lets a slow send continue
                    break;
                default:
                    var frame = OutboxTests.Bytes((byte)(frames.Count + 1), random.Next(1, random.Next(20) == 0 ? 70_000 : 100));
                    if (outbox.TryEnqueue(new Frame(frame)))
                    {
                        frames.Add(frame);
                    }

                    break;
            }
        }

        var drop = random.Next(2) == 0;
        outbox.Close(OutboxTests.Frame(255, 4), drop);
        client.Read(long.MaxValue);
        await Eventually.TrueAsync(() => client.Sent.TakeLast(4).SequenceEqual(OutboxTests.Bytes(255, 4)));

        // Without dropping these are all frames, otherwise those up to some point.
        var sent = client.Sent[..^4];
        var kept = Enumerable.Range(0, frames.Count + 1).FirstOrDefault(count => frames.Take(count).Sum(frame => frame.Length) == sent.Length, -1);
        Assert.True(kept >= 0 && (drop || kept == frames.Count) && frames.Take(kept).SelectMany(frame => frame).SequenceEqual(sent), $"Failed with seed {seed}.");
    }
}
