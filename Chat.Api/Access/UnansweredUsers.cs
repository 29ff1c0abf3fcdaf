namespace Chat.Api.Access;

/// <summary>Users at whose questions the webhook has hung of late. They have a share of its places, so that they hold up each other only.</summary>
/// <remarks>It is the user who is remembered, not the topic: there is no end of topics, and where the webhook hangs for one user in a room,
/// the others there must not wait as well. No answer to another question ends it, or who asks for both in turn would never be here.</remarks>
internal sealed class UnansweredUsers(TimeProvider time)
{
    /// <summary>For how long, after the last question that was not answered.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(1);

    private const int Most = 100_000; // some 10 MB; the oldest make room

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1); // what comes within it of the same user is not written down again

    private readonly Lock _gate = new(); // guards what follows
    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);
    private readonly Queue<(string UserId, long At)> _oldest = new(); // with places that are no longer the user's last

    public void Add(string userId)
    {
        lock (_gate)
        {
            if (_since.TryGetValue(userId, out var before) && time.GetElapsedTime(before) < Step)
            {
                return;
            }

            var now = time.GetTimestamp();
            _since[userId] = now;
            _oldest.Enqueue((userId, now));
            while (_oldest.TryPeek(out var oldest) && (_oldest.Count > Most || time.GetElapsedTime(oldest.At) >= Age))
            {
                _oldest.Dequeue();
                if (_since[oldest.UserId] == oldest.At)
                {
                    _since.Remove(oldest.UserId);
                }
            }
        }
    }

    public bool Contains(string userId)
    {
        lock (_gate)
        {
            return _since.TryGetValue(userId, out var at) && time.GetElapsedTime(at) < Age;
        }
    }
}
