namespace Chat.Api.Access;

/// <summary>Users on whose questions the webhook has recently hung. They get a share of its places, so that they hold up only each other.</summary>
/// <remarks>Users are remembered, not topics: the number of topics is unlimited, and if the webhook hangs for one user in a room, the others there
/// must not wait as well. An answer to another question does not remove a user. Otherwise a user whose questions alternate between both kinds would
/// never be remembered.</remarks>
internal sealed class UnansweredUsers(TimeProvider time)
{
    /// <summary>How long a user is remembered after the last question that was not answered.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(1);

    private const int Most = 100_000; // some 10 MB; the oldest make room

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1); // within it, the same user is not noted again

    private readonly Lock _gate = new(); // guards _since and _oldest
    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);
    private readonly Queue<(string UserId, long At)> _oldest = new(); // includes entries that are no longer the user's last

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
