using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Chat.Api.Nodes;

/// <summary>The edges that are stopping, as far as this node has heard.</summary>
internal sealed class StoppedEdges(TimeProvider time)
{
    /// <summary>The most edges to remember, because anyone who reaches a node can make edges up. The id of a real edge is in use for half a minute at
    /// most after it was added.</summary>
    public const int Most = 1000;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, long> _since = new(StringComparer.Ordinal);
    private readonly Channel<string> _news = Channel.CreateBounded<string>(
        new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Each edge once, as it becomes known. For one reader.</summary>
    public ChannelReader<string> News => _news.Reader;

    public bool Contains(string? edge) => edge is not null && _since.ContainsKey(edge);

    /// <summary>Returns false if the edge was known, or if there are too many.</summary>
    public bool TryAdd(string edge)
    {
        var now = time.GetTimestamp();
        foreach (var (id, since) in _since)
        {
            if (time.GetElapsedTime(since, now) > Remembered)
            {
                _since.TryRemove(id, out _);
            }
        }

        return _since.Count < Most && _since.TryAdd(edge, now) && _news.Writer.TryWrite(edge);
    }
}
