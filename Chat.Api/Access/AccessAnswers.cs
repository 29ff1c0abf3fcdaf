using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Remembers the webhook's answers for as long as they count, and asks one question for all who want to know the same at a time.</summary>
internal sealed class AccessAnswers(AccessWebhook webhook, IOptions<AccessOptions> options, TimeProvider time)
{
    /// <summary>How long nobody asks again after a question without an answer.</summary>
    private static readonly TimeSpan AwayAge = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer counts from its arrival at least, however long it took: what waited for it has to find it.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _users, all that is in it, and _count
    private readonly Dictionary<string, Dictionary<string, Entry>> _users = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>How many answers are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Whether the webhook is to be asked at all.</summary>
    public bool IsWanted => options.Value.Url is { Length: > 0 };

    /// <summary>Returns the webhook's answer, and asks for it now if need be. Never fails.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="topic">A topic's name; null: whether the user may connect.</param>
    /// <param name="want">The rights of interest.</param>
    /// <param name="renews">Whether to ask anew once half of an answer's time is over.</param>
    public ValueTask<TimedAnswer> AskAsync(string userId, string? topic, Rights want, bool renews)
    {
        lock (_gate)
        {
            var entry = Find_NeedsLock(userId, topic ?? "");
            var now = time.GetTimestamp();
            if (entry.Answer is { } answer && (renews ? answer.RenewAt : answer.ExpiresAt) > now)
            {
                return new(answer);
            }

            return new(entry.Question ??= AskNowAsync(entry, userId, topic, want));
        }
    }

    /// <summary>Forgets all answers about a user, including those to questions under way.</summary>
    public void Forget(string userId)
    {
        lock (_gate)
        {
            if (_users.Remove(userId, out var topics))
            {
                _count -= topics.Count;
            }
        }
    }

    /// <summary>Forgets everybody.</summary>
    public void ForgetAll()
    {
        lock (_gate)
        {
            _users.Clear();
            _count = 0;
        }
    }

    private async Task<TimedAnswer> AskNowAsync(Entry entry, string userId, string? topic, Rights want)
    {
        await Task.Yield(); // out of the lock
        var asked = time.GetTimestamp();
        var answer = await webhook.AskAsync(userId, topic, want);
        var came = time.GetTimestamp();
        var timed = answer is null
            ? new TimedAnswer(null, IsAway: true, RenewAt: After(came, AwayAge), ExpiresAt: After(came, AwayAge))
            : new TimedAnswer(
                answer.Rights,
                IsAway: false,
                RenewAt: Math.Max(After(asked, answer.Age / 2), After(came, LeastAge / 2)),
                ExpiresAt: Math.Max(After(asked, answer.Age), After(came, LeastAge)));
        lock (_gate)
        {
            // An answer counts for its whole time, even if a later question gets no answer.
            if (!timed.IsAway || entry.Answer is not { IsAway: false } known || known.ExpiresAt <= time.GetTimestamp())
            {
                entry.Answer = timed;
            }

            entry.Question = null;
            return timed;
        }
    }

    private Entry Find_NeedsLock(string userId, string topic)
    {
        if (!_users.TryGetValue(userId, out var topics))
        {
            _users[userId] = topics = new Dictionary<string, Entry>(StringComparer.Ordinal);
        }

        if (!topics.TryGetValue(topic, out var entry))
        {
            MakeRoom_NeedsLock(userId);
            topics[topic] = entry = new Entry();
            _count++;
        }

        return entry;
    }

    // Forgets a quarter at once, of whichever users come first. This is rare, and costs one more question for each. Entries with a question under way
    // stay.
    private void MakeRoom_NeedsLock(string userId)
    {
        if (_count < options.Value.Answers)
        {
            return;
        }

        foreach (var (user, topics) in _users)
        {
            foreach (var (topic, entry) in topics)
            {
                if (entry.Question is null)
                {
                    topics.Remove(topic);
                    _count--;
                }
            }

            if (topics.Count == 0 && user != userId)
            {
                _users.Remove(user);
            }

            if (_count <= options.Value.Answers * 3L / 4)
            {
                return;
            }
        }
    }

    private long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);

    private sealed class Entry
    {
        public TimedAnswer? Answer { get; set; }

        public Task<TimedAnswer>? Question { get; set; }
    }
}

/// <param name="Rights">What is allowed; null: the webhook leaves it to the settings, or is away.</param>
/// <param name="IsAway">Whether there was no answer.</param>
/// <param name="RenewAt">The timestamp from which to ask anew.</param>
/// <param name="ExpiresAt">The timestamp from which the answer no longer counts.</param>
internal sealed record TimedAnswer(Rights? Rights, bool IsAway, long RenewAt, long ExpiresAt);
