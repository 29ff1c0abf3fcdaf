using System.Diagnostics;
using System.Globalization;
using Chat.Tests.Support;

namespace Flood;

/// <summary>Writes to a quiet group, now and then.</summary>
internal static class Stranger
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>How long acknowledgements take, in words.</summary>
    public static async Task<string> MeasureAsync(NodeProcess node, TimeSpan time)
    {
        await using var stranger = await ChatClient.ConnectAsync(node.Address, $"/chat/group/quiet/{Guid.NewGuid():N}?format=json");
        var (watch, acks, refused) = (Stopwatch.StartNew(), new List<double>(), 0);
        using var ticks = new PeriodicTimer(Pace);
        while (watch.Elapsed < time && await ticks.WaitForNextTickAsync())
        {
            var sent = Stopwatch.GetTimestamp();
            await stranger.SendJsonAsync(new { Msg = "hi", MsgId = $"{Guid.NewGuid():N}" });
            var answer = await stranger.NextFrameAsync();
            while (answer.Type is not ("ack" or "error"))
            {
                answer = await stranger.NextFrameAsync();
            }

            acks.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            refused += answer.Type == "error" ? 1 : 0;
        }

        acks.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"median {acks[acks.Count / 2]:0.0} ms, p99 {acks[acks.Count * 99 / 100]:0.0} ms, most {acks[^1]:0.0} ms, of {acks.Count}, {refused} refused");
    }
}
