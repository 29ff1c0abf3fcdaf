using System.Globalization;
using Chat.Tests.Support;

namespace Chat.Bench.Measuring;

/// <summary>What leaves a Redis of our own.</summary>
internal sealed class RedisMeter(RedisServer redis)
{
    private const int Asked = 500; // channels: enough to know what each has

    /// <summary>Bytes so far, to everybody.</summary>
    public long BytesOut()
    {
        var stats = (string)redis.Execute("INFO", "stats")!;
        return stats.Split('\n').Select(line => line.Trim().Split(':'))
            .Where(line => line[0] == "total_net_output_bytes")
            .Select(line => long.Parse(line[1], CultureInfo.InvariantCulture)).FirstOrDefault(); // Garnet does not tell
    }

    /// <summary>To how many nodes a message of that run goes, by who has subscribed: the mean of its topics.</summary>
    /// <param name="kind">Of topics: <c>group</c> or <c>user</c>.</param>
    /// <param name="run">What their names begin with.</param>
    public double Copies(string kind, string run) => new[] { ("CHANNELS", "NUMSUB"), ("SHARDCHANNELS", "SHARDNUMSUB") }.Max(command =>
    {
        var channels = ((object?[])redis.Execute("PUBSUB", command.Item1, $"*{kind}:{run}*")!).Cast<string>().ToArray();
        Random.Shared.Shuffle(channels);
        var counts = channels.Length == 0 ? [] : (object?[])redis.Execute(["PUBSUB", command.Item2, .. channels.Take(Asked)])!;
        return counts.OfType<long>().DefaultIfEmpty().Average();
    });
}
