using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Access;

/// <summary>Bans and mutes in Redis: a hash per user, which expires with the last of the user's sanctions, and a list of users whose sanctions have
/// changed recently.</summary>
/// <remarks>Guarantee: once a change has been answered, every read sees it, and <see cref="ChangesAsync"/> returns its user for an hour. The
/// announcement on the channel is only faster. All of this lies in one slot of a Redis Cluster, since it is little.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "What a semaphore has to dispose of is made by asking for its wait handle, which nobody does.")]
internal sealed class RedisSanctions
{
    /// <summary>How long a change is remembered. A node that has not looked for longer looks at all its users.</summary>
    public static readonly TimeSpan ChangeAge = TimeSpan.FromHours(1);

    private static readonly RedisScript ChangeScript = new("sanction.lua");
    private static readonly RedisScript ReadScript = new("sanctions.lua");
    private static readonly RedisScript ChangesScript = new("sanction-changes.lua");
    private static readonly RedisScript UsersScript = new("sanctioned-users.lua");

    private const int ChangesAtOnce = 1000;
    private const int UsersAtOnce = 32; // less than a millisecond of Redis's time

    private readonly SemaphoreSlim _turn = new(1); // one reader of many users at a time

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisKeys _keys;
    private readonly TimeProvider _time;

    public RedisSanctions(RedisCommands commands, RedisSubscriptions subscriptions, RedisKeys keys, TimeProvider time)
    {
        (_commands, _subscriptions, _keys, _time) = (commands, subscriptions, keys, time);
        subscriptions.Attach(RedisKeys.SanctionsKind, (_, user) => Heard?.Invoke(Encoding.UTF8.GetString(user)), static () => { });
    }

    public static IReadOnlyList<RedisScript> Scripts => [ChangeScript, ReadScript, ChangesScript, UsersScript];

    /// <summary>Called when something has changed about a user. Runs on the thread that reads from Redis: must not wait, block or throw.</summary>
    public Action<string>? Heard { get; set; }

    /// <summary>Subscribes to changes, which are <see cref="Heard"/> from now on.</summary>
    /// <exception cref="BackplaneUnavailableException">Not subscribed yet; trying again is safe.</exception>
    public Task ListenAsync() => _subscriptions.SubscribeAsync(_keys.SanctionsChannel);

    /// <summary>Puts a sanction on, or changes it.</summary>
    /// <param name="sanction">The sanction. Its end is ignored.</param>
    /// <param name="time">For how long; null: until it is lifted.</param>
    /// <returns>The sanction with its end; null if its user has as many as allowed.</returns>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    public async Task<Sanction?> PutAsync(Sanction sanction, TimeSpan? time)
    {
        var (_, ends) = await ChangeAsync(sanction.UserId, What(sanction.Kind, sanction.Topic), time is { } some ? Math.Max(1, (long)some.TotalMilliseconds) : 0, sanction.Reason);
        return ends == -2 ? null : sanction with { Until = Ending(ends) };
    }

    /// <summary>Lifts a sanction. Returns false if there was none.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    public async Task<bool> LiftAsync(SanctionKind kind, string userId, Topic? topic) =>
        (await ChangeAsync(userId, What(kind, topic), -1, "")).Ends != -1;

    /// <summary>Makes every node look at a user again.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    public Task TellAsync(string userId) => ChangeAsync(userId, "", 0, "");

    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<UserSanctions> ReadAsync(string userId) => new(await ReadAllAsync(userId), _time);

    /// <summary>A user's sanctions, each with the time that is left of it.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<IReadOnlyList<(Sanction Sanction, TimeSpan? Left)>> ReadAllAsync(string userId)
    {
        // Hardly any user has sanctions, and a script costs Redis more than this question.
        var count = new RedisCall();
        count.Buffer.Command(2).Bulk("HLEN"u8);
        _keys.Sanctions(count.Buffer, userId);
        if (await _commands.CallAsync(count, RedisKeys.SanctionsTag) is 0L)
        {
            return [];
        }

        var call = new RedisCall();
        ReadScript.Begin(call.Buffer, keys: 1, arguments: 0);
        _keys.Sanctions(call.Buffer, userId);
        if (await _commands.CallAsync(call, RedisKeys.SanctionsTag) is not object?[] reply || reply is not [byte[] now, .. var pairs])
        {
            throw new BackplaneUnavailableException("The sanctions script answered with something else than sanctions.");
        }

        var found = new List<(Sanction, TimeSpan?)>();
        for (var i = 0; i + 1 < pairs.Length; i += 2)
        {
            if (Parse(userId, Text(pairs[i]), Text(pairs[i + 1])) is not var (sanction, ends))
            {
                continue; // written by a newer node
            }

            var left = ends == 0 ? null : (TimeSpan?)TimeSpan.FromMilliseconds(ends - Number(now));
            if (left is null || left > TimeSpan.Zero)
            {
                found.Add((sanction, left));
            }
        }

        return found;
    }

    /// <summary>Does the same for many users, a few at a time: everybody's messages take the same way to Redis, and wait behind no more than these
    /// few.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<Sanction>>> ReadEachAsync(IEnumerable<string> userIds)
    {
        var found = new List<IReadOnlyList<Sanction>>();
        foreach (var some in userIds.Chunk(UsersAtOnce))
        {
            await _turn.WaitAsync();
            try
            {
                found.AddRange((await Task.WhenAll(some.Select(ReadAllAsync))).Select(static all => all.Select(static one => one.Sanction).ToList()));
            }
            finally
            {
                _turn.Release();
            }
        }

        return found;
    }

    /// <summary>The users whose sanctions have changed since a given change.</summary>
    /// <param name="since">The number of that change; -1: return only the number of the last change.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<SanctionChanges> ChangesAsync(long since)
    {
        var call = new RedisCall();
        ChangesScript.Begin(call.Buffer, keys: 1, arguments: 2);
        _keys.SanctionChanges(call.Buffer);
        call.Buffer.Bulk(since < 0 ? long.MaxValue : since).Bulk(ChangesAtOnce);
        if (await _commands.CallAsync(call, RedisKeys.SanctionsTag) is not object?[] reply || reply is not [byte[] last, .. var pairs])
        {
            throw new BackplaneUnavailableException("The sanctions script answered with something else than changes.");
        }

        List<string> users = [];
        var upTo = Number(last);
        for (var i = 0; i + 1 < pairs.Length; i += 2)
        {
            users.Add(Text(pairs[i]));
            upTo = Number((byte[])pairs[i + 1]!);
        }

        return new SanctionChanges(users, upTo, IsAll: users.Count < ChangesAtOnce);
    }

    /// <summary>Users with sanctions: a page of them, how many there are, and the place of the last one on the page if more follow.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<(IReadOnlyList<string> Users, long Of, SanctionPlace? Last)> UsersAsync(SanctionPlace? after, int most)
    {
        var call = new RedisCall();
        UsersScript.Begin(call.Buffer, keys: 1, arguments: 3);
        _keys.SanctionedUsers(call.Buffer);
        call.Buffer.Bulk(after?.Until ?? "").Bulk(after?.UserId ?? "").Bulk(most);
        return await _commands.CallAsync(call, RedisKeys.SanctionsTag) is object?[] reply && reply is [long of, byte[] until, .. var users]
            ? ([.. users.Select(Text)], of, until.Length > 0 ? new SanctionPlace(Text(until), Text(users[^1])) : null)
            : throw new BackplaneUnavailableException("The sanctions script answered with something else than users.");
    }

    private async Task<(long Now, long Ends)> ChangeAsync(string userId, string what, long time, string reason)
    {
        var call = new RedisCall();
        ChangeScript.Begin(call.Buffer, keys: 3, arguments: 7);
        _keys.Sanctions(call.Buffer, userId);
        _keys.SanctionChanges(call.Buffer);
        _keys.SanctionedUsers(call.Buffer);
        call.Buffer.Bulk(userId).Bulk(_keys.SanctionsChannel).Bulk(what).Bulk(time).Bulk(reason)
            .Bulk(Sanction.MostPerUser).Bulk((long)ChangeAge.TotalMilliseconds);
        return await _commands.CallAsync(call, RedisKeys.SanctionsTag) is object?[] reply && reply is [byte[] now, byte[] ends]
            ? (Number(now), Number(ends))
            : throw new BackplaneUnavailableException("The sanctions script answered with something else than times.");
    }

    private static string What(SanctionKind kind, Topic? topic) => (kind == SanctionKind.Ban ? "ban " : "mute ") + topic?.Name;

    private static (Sanction Sanction, long Ends)? Parse(string userId, string what, string value)
    {
        var (kind, topic) = what.IndexOf(' ') is > 0 and var space ? (what[..space], what[(space + 1)..]) : ("", "");
        var known = kind is "ban" or "mute" && (topic.Length == 0 || Topic.Parse(topic) is not null);
        return known && value.IndexOf(' ') is > 0 and var end && long.TryParse(value.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var ends)
            ? (new Sanction(kind == "ban" ? SanctionKind.Ban : SanctionKind.Mute, userId, topic.Length == 0 ? null : Topic.Parse(topic), Ending(ends), value[(end + 1)..]), ends)
            : null;
    }

    private static DateTimeOffset? Ending(long milliseconds) => milliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static string Text(object? bytes) => Encoding.UTF8.GetString((byte[])bytes!);

    private static long Number(ReadOnlySpan<byte> digits) => long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}

/// <param name="Users">The users whose sanctions have changed.</param>
/// <param name="UpTo">The number of the last of these changes. If there are none, the number of the last change of all, or 0.</param>
/// <param name="IsAll">Whether these are all.</param>
internal sealed record SanctionChanges(IReadOnlyList<string> Users, long UpTo, bool IsAll);
