using Chat.Api.Messages;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A user who publishes without waiting for acknowledgements while Redis is disturbed.</summary>
internal static class OrderedTraffic
{
    private const int Messages = 5_000;
    private const int InFlight = 200;
    private const int Disturbances = 10;

    /// <summary>Publishes, and returns the outcome of each message in the order of publishing.</summary>
    /// <param name="node">The user's node.</param>
    /// <param name="topic">The topic of the messages.</param>
    /// <param name="disturb">Called now and then, in the middle of the traffic.</param>
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
                await Task.WhenAll(tasks); // one disturbance at a time: messages that it turned away are settled before the next one
                disturbing = Task.Run(disturb);
            }

            await room.WaitAsync(BackplaneNode.Deadline);
            tasks.Add(TellAsync(node.PublishAsync(topic, "hi", id: $"traffic{i}"), room));
        }

        await disturbing;
        return await Task.WhenAll(tasks);
    }

    /// <summary>Asserts that in each life of the log, messages stand in the order of publishing.</summary>
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
