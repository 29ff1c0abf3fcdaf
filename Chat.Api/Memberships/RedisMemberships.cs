using System.Globalization;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Memberships;

/// <summary><see cref="IMemberships"/> in Redis, with one key per user. Its fields are encoded groups (<see cref="KeyText"/>); fields that begin with
/// a colon belong to the scripts.</summary>
internal sealed class RedisMemberships(RedisCommands commands, RedisKeys keys, TimeSpan age, EventMarks? events = null) : IMemberships
{
    private static readonly RedisScript ReadScript = new("groups.lua");
    private static readonly RedisScript JoinScript = new("groups-join.lua");
    private static readonly RedisScript LeaveScript = new("groups-leave.lua");

    public static IReadOnlyList<RedisScript> Scripts => [ReadScript, JoinScript, LeaveScript];

    // A script takes Redis seven times as long as a plain read, so it is called only if it has something to write.
    public async Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
    {
        Renew(user);
        return await FindAsync(user) is { } known && known.Has(unlessKnown) ? known : await BeginAsync(user, unlessKnown);
    }

    public async Task<IReadOnlyCollection<string>> ListAsync(Topic user) => await FindAsync(user, inline: true) is { } known ? [.. known.Groups.Keys] : [];

    private void Renew(Topic user)
    {
        var call = new RedisCall(inline: true);
        call.Buffer.Command(3).Bulk("PEXPIRE"u8);
        keys.Groups(call.Buffer, user.Utf8Name.Span);
        call.Buffer.Bulk((long)age.TotalMilliseconds);
        _ = DoneAsync(commands.CallAsync(call, user.Utf8Name.Span)); // if it fails, so does the read that follows
    }

    // The moment of the look is the last generation given: later joinings have greater ones. Returns null if nothing is known of the user.
    private async Task<UserGroups?> FindAsync(Topic user, bool inline = false)
    {
        var call = new RedisCall(inline);
        call.Buffer.Command(2).Bulk("HGETALL"u8);
        keys.Groups(call.Buffer, user.Utf8Name.Span);
        if (await commands.CallAsync(call, user.Utf8Name.Span) is not object?[] fields)
        {
            throw new BackplaneUnavailableException("Redis answered with something else than a hash.");
        }

        var groups = new Dictionary<string, long>(fields.Length / 2, StringComparer.Ordinal);
        var (born, last) = (0L, 0L);
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            var (name, value) = ((byte[])fields[i]!, (byte[])fields[i + 1]!);
            if (name.AsSpan().SequenceEqual(":"u8))
            {
                born = Number(value);
            }
            else if (name.AsSpan().SequenceEqual("::"u8))
            {
                last = Number(value);
            }
            else if (value is not [(byte)'-', ..]) // otherwise it is the mark of a leave
            {
                groups[KeyText.Decode(name)] = Number(value);
            }
        }

        return born > 0 && last > 0 ? new UserGroups(groups, born, last) : null;
    }

    private async Task<UserGroups> BeginAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
    {
        var told = unlessKnown.Any(group => group.Value == 0) ? Told : null; // no other look makes a user begin in a group
        var call = Call(ReadScript, user, arguments: 1 + (2 * unlessKnown.Count), told);
        call.Buffer.Bulk((long)age.TotalMilliseconds);
        told?.WriteArguments(call.Buffer, user);
        foreach (var (group, generation) in unlessKnown)
        {
            call.Buffer.Bulk(KeyText.Encode(group)).Bulk(generation);
        }

        if (await SendAsync(call, user, told) is not object?[] fields
            || fields is not [byte[] now, byte[] born, .. var pairs] || pairs.Length % 2 != 0)
        {
            throw new BackplaneUnavailableException("The groups script answered with something else than groups.");
        }

        var groups = new Dictionary<string, long>(pairs.Length / 2, StringComparer.Ordinal);
        for (var i = 0; i < pairs.Length; i += 2)
        {
            groups[KeyText.Decode((byte[])pairs[i]!)] = Number((byte[])pairs[i + 1]!);
        }

        return new UserGroups(groups, Number(born), Number(now));
    }

    public async Task<long?> JoinAsync(Topic user, string group, int limit)
    {
        var call = Call(JoinScript, user, arguments: 3, Told);
        call.Buffer.Bulk((long)age.TotalMilliseconds).Bulk(KeyText.Encode(group)).Bulk(limit);
        Told?.WriteArguments(call.Buffer, user);
        return await SendAsync(call, user, Told) is byte[] { Length: > 0 } generation ? Number(generation) : null;
    }

    public async Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false)
    {
        var call = Call(LeaveScript, user, arguments: 2, Told);
        call.Buffer.Bulk(KeyText.Encode(group)).Bulk(evenIfOut ? "!"u8 : ""u8);
        Told?.WriteArguments(call.Buffer, user);
        return await SendAsync(call, user, Told) is byte[] { Length: > 0 } answer
            ? new LeaveMark(Number(answer.AsSpan().TrimStart((byte)'+')), answer[0] == '+')
            : throw new BackplaneUnavailableException("The leave script answered with something else than a generation.");
    }

    public void Forget(Topic user, string group, LeaveMark mark)
    {
        var call = Call(LeaveScript, user, arguments: 2, told: null);
        call.Buffer.Bulk(KeyText.Encode(group)).Bulk(mark.Generation);
        _ = DoneAsync(commands.CallAsync(call, user.Utf8Name.Span)); // if the mark stays, a further leave is published once more, which does no harm
    }

    private static async Task DoneAsync(Task<object?> done)
    {
        try
        {
            await done;
        }
        catch (BackplaneUnavailableException)
        {
            // Nobody waits for the result.
        }
    }

    private static long Number(ReadOnlySpan<byte> digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private EventMarks? Told => events?.Rules.Memberships == true ? events : null;

    private Task<object?> SendAsync(RedisCall call, Topic user, EventMarks? told) =>
        told is null ? commands.CallAsync(call, user.Utf8Name.Span) : told.CallAsync(call, user);

    private RedisCall Call(RedisScript script, Topic user, int arguments, EventMarks? told)
    {
        var call = new RedisCall();
        script.Begin(call.Buffer, keys: told is null ? 1 : 3, arguments + (told is null ? 0 : EventMarks.Arguments));
        keys.Groups(call.Buffer, user.Utf8Name.Span);
        told?.WriteKeys(call.Buffer, user.Utf8Name.Span);
        return call;
    }
}
