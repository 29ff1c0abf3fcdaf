using System.Globalization;
using Chat.Tests.Support;

namespace Chat.Bench.Measuring;

/// <summary>Measures the output of a Redis that this program has started.</summary>
internal sealed class RedisMeter(RedisServer redis)
{
    private const int Asked = 500; // channels: a sufficient sample

    /// <summary>Bytes sent so far, to all clients.</summary>
    public long BytesOut()
    {
        var stats = (string)redis.Execute("INFO", "stats")!;
        return stats.Split('\n').Select(line => line.Trim().Split(':'))
            .Where(line => line[0] == "total_net_output_bytes")
            .Select(line => long.Parse(line[1], CultureInfo.InvariantCulture)).FirstOrDefault(); // Garnet does not report it
    }

    /// <summary>The number of nodes to which a message of that run goes, by the subscriptions: the mean of its topics.</summary>
    /// <param name="kind">The kind of topics: <c>group</c> or <c>user</c>.</param>
    /// <param name="run">The beginning of their names.</param>
    public double Copies(string kind, string run) => new[] { ("CHANNELS", "NUMSUB"), ("SHARDCHANNELS", "SHARDNUMSUB") }.Max(command =>
    {
        var channels = ((object?[])redis.Execute("PUBSUB", command.Item1, $"*{kind}:{run}*")!).Cast<string>().ToArray();
        Random.Shared.Shuffle(channels);
        var counts = channels.Length == 0 ? [] : (object?[])redis.Execute(["PUBSUB", command.Item2, .. channels.Take(Asked)])!;
        return counts.OfType<long>().DefaultIfEmpty().Average();
    });
}
