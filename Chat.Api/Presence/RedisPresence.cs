using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;

namespace Chat.Api.Presence;

/// <summary><see cref="IPresenceStore"/> in Redis: a hash per topic, and for each node the set of its topics.</summary>
internal sealed class RedisPresence : IPresenceStore
{
    private static readonly RedisScript ReportScript = new("presence.lua", ("PIECE", UsersPerPiece));
    private static readonly RedisScript ReadScript = new("presence-read.lua");
    private static readonly RedisScript RollScript = new("presence-roll.lua");
    private static readonly TimeSpan Age = TimeSpan.FromDays(1); // reports renew it; see PresenceReporter.RenewEvery

    private const int TopicsPerPage = 500;
    private const int UsersPerPiece = 500; // which take Redis one or two milliseconds

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisKeys _keys;
    private readonly string _node;
    private readonly TimeSpan _lease;
    private readonly int _listSize;
    private readonly EventMarks? _events;

    public RedisPresence(RedisCommands commands, RedisSubscriptions subscriptions, RedisKeys keys, NodeIdentity node, TimeSpan lease, int listSize, EventMarks? events = null)
    {
        _events = events;
        _commands = commands;
        _subscriptions = subscriptions;
        _keys = keys;
        _node = node.Id;
        _lease = lease;
        _listSize = listSize;
        subscriptions.Attach(RedisKeys.PresenceKind, OnMessage, () => Restored?.Invoke());
        commands.Up += () => Returned?.Invoke();
    }

    public static IReadOnlyList<RedisScript> Scripts => [ReportScript, ReadScript, RollScript];

    public Action<string, PresenceNews>? Heard { get; set; }

    public Action? Restored { get; set; }

    public Action? Returned { get; set; }

    public async Task ReportAsync(Topic topic, string? node, IReadOnlyCollection<PresentUser> users, bool isAll, Func<bool>? mayGoOn = null)
    {
        if (isAll && (users.Count > UsersPerPiece || await ReportPieceAsync(topic, node, users, isAll) is -1L))
        {
            // Users who are read as present and are not among those given are reported as gone. No other report of the same node can add one of
            // them meanwhile, just as with the script alone: a node has one loop, and a live node that is swept reports everything again.
            var gone = await UsersOfAsync(topic, node ?? _node);
            gone.ExceptWith(users.Select(static user => user.Id));
            foreach (var some in users.Concat(gone.Select(static user => new PresentUser(user, 0))).Chunk(UsersPerPiece))
            {
                if (mayGoOn?.Invoke() == false)
                {
                    throw new BackplaneUnavailableException("The last roll is too old, or has to be followed by a report of everything.");
                }

                await ReportPieceAsync(topic, node, some, isAll: false);
            }
        }
        else if (!isAll)
        {
            await ReportPieceAsync(topic, node, users, isAll);
        }
    }

    // Reads to the end before anything is removed, as with topics.
    private async Task<HashSet<string>> UsersOfAsync(Topic topic, string node)
    {
        var users = new HashSet<string>(StringComparer.Ordinal);
        var mark = Encoding.ASCII.GetBytes($" {node} ");
        byte[] from = [(byte)'0'];
        do
        {
            var (next, pairs) = await ScanAsync(topic, from, UsersPerPiece);
            for (var i = 0; i + 1 < pairs.Length; i += 2)
            {
                if (((byte[])pairs[i + 1]!).AsSpan().IndexOf(mark) >= 0)
                {
                    users.Add(Encoding.UTF8.GetString((byte[])pairs[i]!));
                }
            }

            from = next;
        }
        while (from is not [(byte)'0']);
        return users;
    }

    private Task<object?> ReportPieceAsync(Topic topic, string? node, IReadOnlyCollection<PresentUser> users, bool isAll)
    {
        var call = new RedisCall();
        var events = _events?.Rules.TellsPresenceOf(topic) == true ? _events : null;
        ReportScript.Begin(call.Buffer, keys: events is null ? 1 : 3, arguments: 6 + (events is null ? 0 : EventMarks.Arguments) + (2 * users.Count));
        _keys.Here(call.Buffer, topic.Utf8Name.Span);
        events?.WriteKeys(call.Buffer, topic.Utf8Name.Span);
        call.Buffer.Bulk(node ?? _node).Bulk(isAll ? 1 : 0).Bulk(_keys.PresenceChannel(topic)).Bulk(_listSize).Bulk((long)Age.TotalMilliseconds).Bulk(_keys.PublishCommand);
        events?.WriteArguments(call.Buffer, topic);
        foreach (var (user, connections) in users)
        {
            call.Buffer.Bulk(user).Bulk(connections);
        }

        return events is null ? _commands.CallAsync(call, topic.Utf8Name.Span) : events.CallAsync(call, topic);
    }

    // The script does not read the names: for a thousand users that took Redis some milliseconds, in which it does nothing else.
    public async Task<PresenceNews> ReadAsync(Topic topic, int most)
    {
        var news = await ReadCountAsync(topic, new RedisCall());
        if (most == 0 || news.Count > most)
        {
            return news;
        }

        var call = new RedisCall();
        call.Buffer.Command(2).Bulk("HGETALL"u8);
        _keys.Here(call.Buffer, topic.Utf8Name.Span);
        if (await _commands.CallAsync(call, topic.Utf8Name.Span) is not object?[] pairs)
        {
            throw new BackplaneUnavailableException("Redis answered with something else than a hash.");
        }

        var users = Users(pairs, out var version);
        return new PresenceNews(version, users.Count) { Members = users.Count <= most ? users : null };
    }

    public async Task<long> CountAsync(Topic topic) => (await ReadCountAsync(topic, new RedisCall(inline: true))).Count;

    private async Task<PresenceNews> ReadCountAsync(Topic topic, RedisCall call)
    {
        ReadScript.Begin(call.Buffer, keys: 1, arguments: 0);
        _keys.Here(call.Buffer, topic.Utf8Name.Span);
        return await _commands.CallAsync(call, topic.Utf8Name.Span) is object?[] reply && reply is [byte[] version, long count]
            ? new PresenceNews(Number(version), count) { Members = count == 0 ? [] : null }
            : throw new BackplaneUnavailableException("The presence script answered with something else than a count.");
    }

    // Not by a script, since Redis does nothing else while it reads a whole topic.
    public async Task<PresencePage> ReadPageAsync(Topic topic, ulong from, int about)
    {
        var (next, pairs) = await ScanAsync(topic, Encoding.ASCII.GetBytes(from.ToString(CultureInfo.InvariantCulture)), about);
        return new PresencePage(Users(pairs, out _), ulong.Parse(next, NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private async Task<(byte[] Next, object?[] Pairs)> ScanAsync(Topic topic, byte[] from, int about)
    {
        var call = new RedisCall();
        call.Buffer.Command(5).Bulk("HSCAN"u8);
        _keys.Here(call.Buffer, topic.Utf8Name.Span);
        call.Buffer.Bulk(from).Bulk("COUNT"u8).Bulk(about);
        return await _commands.CallAsync(call, topic.Utf8Name.Span) is object?[] reply && reply is [byte[] next, object?[] pairs]
            ? (next, pairs)
            : throw new BackplaneUnavailableException("Redis answered with something else than a page of a hash.");
    }

    // The hash of a topic (presence.lua) has its users, and its version under a name that no user has.
    private static List<PresentUser> Users(object?[] pairs, out long version)
    {
        version = 0;
        var users = new List<PresentUser>(pairs.Length / 2);
        for (var i = 0; i + 1 < pairs.Length; i += 2)
        {
            var (user, value) = ((byte[])pairs[i]!, (byte[])pairs[i + 1]!);
            if (user is [1])
            {
                version = Number(value);
            }
            else
            {
                users.Add(new PresentUser(Encoding.UTF8.GetString(user), ConnectionsIn(value)));
            }
        }

        return users;
    }

    // " node connections node connections"
    private static long ConnectionsIn(ReadOnlySpan<byte> nodes)
    {
        var (sum, words) = (0L, 0);
        foreach (var range in nodes.Split((byte)' '))
        {
            sum += !nodes[range].IsEmpty && words++ % 2 == 1 ? Number(nodes[range]) : 0;
        }

        return sum;
    }

    private static long Number(ReadOnlySpan<byte> text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Reads news that came over the channel (presence.lua). Returns null if it is malformed: anyone with access to Redis can publish
    /// anything.</summary>
    internal static PresenceNews? Parse(ReadOnlySpan<byte> utf8)
    {
        List<string> joined = [], left = [];
        long version = 0, count = 0;
        var number = 0;
        foreach (var range in utf8.Split((byte)'\n'))
        {
            var line = utf8[range];
            var isRight = number++ switch
            {
                0 => Utf8Parser.TryParse(line, out version, out var digits) && digits == line.Length,
                1 => Utf8Parser.TryParse(line, out count, out var digits) && digits == line.Length,
                _ => line is [(byte)'+' or (byte)'-', _, ..],
            };
            if (!isRight)
            {
                return null;
            }

            if (number > 2)
            {
                (line[0] == (byte)'+' ? joined : left).Add(Encoding.UTF8.GetString(line[1..]));
            }
        }

        return number >= 2 ? new PresenceNews(version, count) { Joined = joined, Left = left } : null;
    }

    private void OnMessage(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> message)
    {
        if (Parse(message) is { } news)
        {
            Heard?.Invoke(Encoding.UTF8.GetString(topic), news);
        }
    }

    public Task WatchAsync(Topic topic) => _subscriptions.SubscribeToTopicAsync(_keys.PresenceChannel(topic));

    public void Unwatch(Topic topic) => _subscriptions.UnsubscribeFromTopic(_keys.PresenceChannel(topic));

    public Task AddTopicsAsync(IReadOnlyCollection<Topic> topics)
    {
        var call = OnTopicsOf("SADD"u8, null, arguments: topics.Count);
        foreach (var topic in topics)
        {
            call.Buffer.Bulk(topic.Utf8Name.Span);
        }

        return _commands.CallAsync(call, RedisKeys.NodesTag);
    }

    public Task RemoveTopicsAsync(string? node, IReadOnlyCollection<string> topics)
    {
        var call = OnTopicsOf("SREM"u8, node, arguments: topics.Count);
        foreach (var topic in topics)
        {
            call.Buffer.Bulk(topic);
        }

        return _commands.CallAsync(call, RedisKeys.NodesTag);
    }

    // Reads a page at a time, because Redis does nothing else while it reads: 100,000 topics at once took it 65 ms. Reads to the end before anything
    // is removed, because otherwise Garnet's pages would not have all topics.
    public async Task<IReadOnlyCollection<string>> TopicsOfAsync(string? node)
    {
        var all = new HashSet<string>(StringComparer.Ordinal); // a topic may be on two pages
        var from = "0"u8.ToArray();
        do
        {
            var call = OnTopicsOf("SSCAN"u8, node, arguments: 3);
            call.Buffer.Bulk(from).Bulk("COUNT"u8).Bulk(TopicsPerPage);
            if (await _commands.CallAsync(call, RedisKeys.NodesTag) is not object?[] reply || reply is not [byte[] next, object?[] topics])
            {
                throw new BackplaneUnavailableException("Redis answered with something else than a page of a set.");
            }

            all.UnionWith(topics.OfType<byte[]>().Select(Encoding.UTF8.GetString));
            from = next;
        }
        while (from is not [(byte)'0']);
        return all;
    }

    public async Task<PresenceRoll> CallRollAsync(string? sweeping = null)
    {
        var call = Roll(arguments: sweeping is null ? 4 : 5, PresenceSweeper.SweepTime);
        call.Buffer.Bulk(sweeping is null ? "calls"u8 : "sweeps"u8).Bulk((long)_lease.TotalMilliseconds);
        if (sweeping is not null)
        {
            call.Buffer.Bulk(sweeping);
        }

        return await _commands.CallAsync(call, RedisKeys.NodesTag) is object?[] reply && reply is [byte[] known, byte[] dead, byte[] looked]
            ? new PresenceRoll(known is [(byte)'1'], Encoding.ASCII.GetString(dead), looked is [(byte)'1'])
            : throw new BackplaneUnavailableException("The presence script answered with something else than a roll.");
    }

    public Task LeaveAsync(TimeSpan delay)
    {
        var call = Roll(arguments: 3, delay);
        call.Buffer.Bulk("leaves"u8);
        return _commands.CallAsync(call, RedisKeys.NodesTag);
    }

    public Task SweptAsync(string node, bool hadUsers, TimeSpan lookAgain)
    {
        var call = Roll(arguments: 3, lookAgain, node);
        call.Buffer.Bulk(hadUsers ? "found"u8 : "swept"u8);
        return _commands.CallAsync(call, RedisKeys.NodesTag);
    }

    private RedisCall Roll(int arguments, TimeSpan time, string? node = null)
    {
        var call = new RedisCall();
        RollScript.Begin(call.Buffer, keys: 2, arguments);
        _keys.Leases(call.Buffer);
        _keys.Reporters(call.Buffer);
        call.Buffer.Bulk(node ?? _node).Bulk((long)time.TotalMilliseconds);
        return call;
    }

    private RedisCall OnTopicsOf(ReadOnlySpan<byte> command, string? node, int arguments)
    {
        var call = new RedisCall();
        call.Buffer.Command(2 + arguments).Bulk(command);
        _keys.TopicsOf(call.Buffer, node ?? _node);
        return call;
    }
}
