using System.Collections.Concurrent;
using System.Text;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Topics that somebody on this node has recently joined or written to.</summary>
/// <remarks>Each topic leaves keys in Redis for days. So a user may bring only a limited number of topics that are not known here
/// (<see cref="Connections.ConnectionOptions.UserTopicsPerSecond"/>). This also bounds how many are kept here.</remarks>
internal sealed class KnownTopics(TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, Use> _uses = new(StringComparer.Ordinal);

    public int Count => _uses.Count;

    /// <summary>Whether the topic is known. If so, it stays known for a while.</summary>
    /// <param name="topic">The topic's name, UTF-8.</param>
    public bool Touch(ReadOnlySpan<byte> topic)
    {
        Span<char> name = stackalloc char[Topic.MaxNameChars];
        if (!Encoding.UTF8.TryGetChars(topic, name, out var length)
            || !_uses.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..length], out var use))
        {
            return false;
        }

        use.At = time.GetTimestamp();
        return true;
    }

    public void Add(string topic) => _uses[topic] = new Use { At = time.GetTimestamp() };

    /// <summary>Forgets the topics that nobody has used for a while.</summary>
    public void Sweep()
    {
        foreach (var (topic, use) in _uses)
        {
            if (time.GetElapsedTime(use.At) >= Age)
            {
                _uses.TryRemove(topic, out _);
            }
        }
    }

    private sealed class Use
    {
        public long At; // any thread writes it; the last one counts
    }
}
