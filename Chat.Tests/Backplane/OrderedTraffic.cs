using Chat.Api.Messages;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>One user who publishes without waiting for acknowledgements, while something happens to Redis.</summary>
internal static class OrderedTraffic
{
    private const int Messages = 5_000;
    private const int InFlight = 200;
    private const int Disturbances = 10;

    /// <summary>What became of each message, in the order in which they were published.</summary>
    /// <param name="node">Where the user is.</param>
    /// <param name="topic">Where the messages go.</param>
    /// <param name="disturb">Called now and then, in the midst of the traffic.</param>
    public static async Task<IReadOnlyList<Outcome>> PublishAsync(RedisBackplaneNode node, Topic topic, Func<Task> disturb)
    {
        using var room = new SemaphoreSlim(InFlight);
        var tasks = new List<Task<Outcome>>(Messages);
        var disturbing = Task.CompletedTask;
        for (var i = 0; i < Messages; i++)
        {
            if (i % (Messages / Disturbances) == InFlight)
            {
                await disturbing;
                await Task.WhenAll(tasks); // one disturbance at a time: what it turned away is through before the next
                disturbing = Task.Run(disturb);
            }

            await room.WaitAsync(BackplaneNode.Deadline);
            tasks.Add(TellAsync(node.PublishAsync(topic, "hi", id: $"traffic{i}"), room));
        }

        await disturbing;
        return await Task.WhenAll(tasks);
    }

    /// <summary>In each life of the log, what was published later stands later.</summary>
    public static void AssertInOrder(IEnumerable<Outcome> outcomes)
    {
        foreach (var life in outcomes.Where(outcome => outcome.IsPublished).GroupBy(outcome => outcome.Epoch))
        {
            var offsets = life.Select(outcome => outcome.Offset).ToArray();
            Assert.Equal(offsets.Order(), offsets);
        }
    }

    private static async Task<Outcome> TellAsync(Task<Outcome> publishing, SemaphoreSlim room)
    {
        var outcome = await publishing;
        room.Release();
        return outcome;
    }
}
