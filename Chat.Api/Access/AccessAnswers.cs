using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>The webhook's answers as long as they count, and one question for all who want to know the same at a time.</summary>
internal sealed class AccessAnswers(AccessWebhook webhook, IOptions<AccessOptions> options, TimeProvider time)
{
    /// <summary>For how long nobody asks again where there was no answer.</summary>
    private static readonly TimeSpan AwayAge = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards what follows, and everything in it
    private readonly Dictionary<string, Dictionary<string, Entry>> _users = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>How many are remembered.</summary>
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

    /// <summary>What the webhook says, asked now if need be. Never fails.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="topic">A topic's name; null: whether the user may connect.</param>
    /// <param name="want">What is of interest.</param>
    /// <param name="renews">Whether an answer is asked for anew once half of its time is over.</param>
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

    /// <summary>Forgets what is known of a user. Questions under way are as good as not asked.</summary>
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
        var timed = answer is null
            ? new TimedAnswer(null, IsAway: true, RenewAt: After(time.GetTimestamp(), AwayAge), ExpiresAt: After(time.GetTimestamp(), AwayAge))
            : new TimedAnswer(answer.Rights, IsAway: false, RenewAt: After(asked, answer.Age / 2), ExpiresAt: After(asked, answer.Age));
        lock (_gate)
        {
            // An answer counts for its time, whatever becomes of those asked for in place of it.
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

    // A quarter at once, of whichever users come first: it costs a question more for each, and is rare. What is asked at the moment stays.
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
/// <param name="IsAway">There was no answer.</param>
/// <param name="RenewAt">The timestamp from which to ask anew.</param>
/// <param name="ExpiresAt">The timestamp from which it no longer counts.</param>
internal sealed record TimedAnswer(Rights? Rights, bool IsAway, long RenewAt, long ExpiresAt);
