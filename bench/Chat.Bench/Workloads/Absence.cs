using System.Collections.Concurrent;
using System.Globalization;
using Chat.Bench.Systems;
using Chat.Tests.Support;

namespace Chat.Bench.Workloads;

/// <summary>Writes the messages that clients miss in their groups before they come back.</summary>
internal static class Absence
{
    private const int AtOnce = 16;

    /// <summary>The text of the last message that they missed.</summary>
    public static string Last(int missed) => string.Create(CultureInfo.InvariantCulture, $"missed {missed}");

    /// <summary>Writes this many messages into each group.</summary>
    /// <returns>By group, the position before these messages.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> WriteAsync(IReadOnlyList<string> groups, int missed, int size, Target target)
    {
        static string WriterOf(string group) => group + "-w"; // a user for each group, since one user may not have too many connections
        var tokens = await target.Tokens.ForAsync(groups.Select(WriterOf), new Clients.RawDoor(isJson: true));
        var positions = new ConcurrentDictionary<string, string>();
        await Parallel.ForEachAsync(groups.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (group, cancelled) =>
        {
            var door = target.Urls[group.Index % target.Urls.Count];
            var name = WriterOf(group.Item);
            await using var writer = await ChatClient.ConnectAsync(door, $"/chat/group/{group.Item}/{name}?format=json", tokens.GetValueOrDefault(name), cancelled);
            positions[group.Item] = (await writer.NextFrameAsync()).Position;
            for (var i = 1; i <= missed; i++)
            {
                var text = i < missed ? new string('x', size) : Last(missed);
                await writer.SendJsonAsync(new { Msg = text, MsgId = string.Create(CultureInfo.InvariantCulture, $"m{i}") });
                await writer.NextFrameAsync("ack");
            }
        });
        return positions;
    }
}
