using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.Topics;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>A hub connection and the groups it is in.</summary>
/// <remarks>It is in each group twice: as a member of the topic, for messages, and in SignalR's group, for signals.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "What a semaphore has to dispose of is made by asking for its wait handle, which nobody does.")]
internal sealed partial class HubClient
{
    private static readonly TimeSpan SignalsLinger = TimeSpan.FromSeconds(1);
    private const int FewGroups = 3; // initial capacity: with the default one, a dictionary is three times as large as its content

    private readonly ConcurrentDictionary<string, Member> _groups = new(concurrencyLevel: 1, FewGroups, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Member> _removed = new(concurrencyLevel: 1, FewGroups, StringComparer.Ordinal); // the last removed member of each group, while messages are still held for it
    private readonly Dictionary<string, long> _typingAt = new(StringComparer.Ordinal); // needs no lock: SignalR runs one call of a connection at a time
    private readonly HubServices _services;
    private LocalTopic? _userTopic;
    private Member? _userMember;
    private readonly SemaphoreSlim _joining = new(0, 1); // one joining at a time, and none before EnterAsync has finished
    private int _isOpen; // 1: joinings may begin
    private ImmutableDictionary<string, long> _unsubscribed = ImmutableDictionary<string, long>.Empty; // groups that only this connection has left, and the generation it left
    private Entered[]? _takenUp; // between TakeUpAsync and EnterAsync
    private volatile bool _isOver;
    private ConnectionWatches? _presence; // null: it never asked

    public HubClient(Connection connection, string connectionId, HubServices services)
    {
        Connection = connection;
        ConnectionId = connectionId;
        _services = services;
        connection.Removed = OnRemoved;
    }

    public Connection Connection { get; }

    /// <summary>SignalR's id of the connection.</summary>
    public string ConnectionId { get; }

    public string UserId => Connection.UserId;

    /// <summary>Null until <see cref="TakeUpAsync"/>.</summary>
    public HubUser? User { get; private set; }

    /// <summary>Whether the client asked to be told its position in each of its groups, including groups for which it gave none.</summary>
    public bool TellsPositions { get; private set; }

    /// <summary>When the record of the user's groups began from which the groups were taken up. A group that has disappeared from that record since
    /// was left.</summary>
    public long GroupsSince { get; private set; }

    public IEnumerable<Member> Members => _groups.Select(group => group.Value);

    public int Groups => _groups.Count;

    public bool TryFind(string group, out Member? member) => _groups.TryGetValue(group, out member) && member.IsIn;

    /// <summary>Takes up the user's groups and own messages again, and holds the messages back. This happens before the handshake is answered, so
    /// that the client misses nothing that is published once it knows that it is connected.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task TakeUpAsync(HubPositions since)
    {
        User = _services.Watch.Enter(this);
        var groups = await _services.Watch.BeginAsync(User, _services.DefaultGroups);
        GroupsSince = groups.Born;
        _userTopic = await _services.Topics.AcquireAsync(Topic.User(UserId));
        _userMember = _userTopic.JoinHeld(Connection, since.User ?? default, out var epoch, out var offset);
        if (!Access.TryHold(await Access.ReachAsync(_userTopic.Topic), _userMember))
        {
            return; // banned at this moment
        }

        var entered = await Task.WhenAll(groups.Groups.Select(group => TakeUpGroupAsync(group.Key, group.Value, since.Of(group.Key))));
        TellsPositions = since.AreTold;
        _takenUp = [.. entered.OfType<Entered>(), new Entered(_userMember, since.User, new LogPosition(epoch, offset))];
    }

    // A membership that Redis remembers does not admit a user who has lost the right.
    private async Task<Entered?> TakeUpGroupAsync(string group, long generation, LogPosition? since)
    {
        if (await AddTopicAsync(group, generation, since) is not { } entered)
        {
            TellForbidden(Topic.Group(group));
            return null;
        }

        return since is null || await MayAsync(entered.Member.Topic.Topic, Rights.History)
            ? entered
            : entered with { Since = null, IsForbiddenSince = true };
    }

    /// <summary>Delivers the missed messages of the groups that were taken up, then makes these groups live.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task EnterAsync()
    {
        if (_takenUp is not { } takenUp)
        {
            return; // taking up failed, and the connection is closing
        }

        await FollowAsync(await EnterAsync(takenUp)); // for groups left and joined again elsewhere meanwhile
    }

    private async Task<UserGroups> EnterAsync(Entered[] takenUp)
    {
        await Task.WhenAll(takenUp.Where(one => one.Member != _userMember).Select(one => AddSignalsAsync(one.Member)));

        // Until here nothing was sent to the connection. A group may have been left after the previous look, before its member existed: the removal did
        // not find a member here. This look finds the group left, and the messages held for it are dropped. One look cannot do for both, since only the
        // first one says in which groups to have members.
        var groups = await _services.Watch.LookAsync(User!);
        foreach (var one in takenUp.Where(one => one.Member.IsIn))
        {
            if (one.Since is { } position)
            {
                await TopicReplay.CatchUpAsync(one.Member, position, one.Live.Epoch, one.Live.Offset, _services.Backplane);
                continue;
            }

            if (one.IsForbiddenSince)
            {
                var (epoch, offset) = one.Live;
                one.Member.Topic.TryJoinAnew(one.Member, ref epoch, ref offset); // as in TopicReplay
                TellHole(one.Member, new LogPosition(epoch, offset));
            }
            else if (TellsPositions)
            {
                Connection.Enqueue(Connection.Format.Subscribed(one.Member.Topic.Topic, one.Live.Epoch, one.Live.Offset, recovered: true)!);
            }

            one.Member.Topic.Release(one.Member);
        }

        _takenUp = null;
        Open();
        TellUntold();
        return groups;
    }

    private void Open()
    {
        if (Interlocked.Exchange(ref _isOpen, 1) == 0)
        {
            _joining.Release();
        }
    }

    /// <summary>Takes this connection out of the group; the user stays a member.</summary>
    public void Leave(Member member)
    {
        member.Topic.Leave(member);
        Forget(member);
    }

    /// <summary>Returns false if this connection had its turn in the group less than the interval ago. Only one call at a time is allowed.</summary>
    public bool TakeTypingTurn(string group, TimeProvider time, TimeSpan interval)
    {
        var now = time.GetTimestamp();
        if (_typingAt.TryGetValue(group, out var last) && time.GetElapsedTime(last, now) < interval)
        {
            return false;
        }

        if (_typingAt.Count > _groups.Count)
        {
            _typingAt.Clear(); // some groups were left since; forgetting a turn costs only one needless question to Redis
        }

        _typingAt[group] = now;
        return true;
    }

    /// <summary>Tells the client from now on who is in a group, for as long as the client is a member itself.</summary>
    public void Watch(Topic group, PresenceWatches watches)
    {
        var presence = LazyInitializer.EnsureInitialized(ref _presence, () => new ConnectionWatches(watches, Connection));
        presence.Add(group);
        if (!TryFind(group.Id, out _) || !May(group, Rights.Presence))
        {
            presence.Remove(group); // either may have ended at this moment
        }
    }

    /// <summary>The connection has ended.</summary>
    public void End()
    {
        _isOver = true;
        Open();
        Volatile.Read(ref _presence)?.End();
        foreach (var member in Members)
        {
            Leave(member);
        }

        if (_userMember is not null)
        {
            _userTopic!.Leave(_userMember);
        }

        if (_userTopic is not null)
        {
            _services.Topics.Release(_userTopic);
        }

        if (User is not null)
        {
            _services.Watch.Leave(User, this);
        }
    }

    /// <returns>Null if the user may not be in the group.</returns>
    private async Task<Entered?> AddTopicAsync(string group, long generation, LogPosition? since)
    {
        var access = await Access.ReachAsync(Topic.Group(group));
        if (!access.May(Rights.Join))
        {
            return null;
        }

        var topic = await _services.Topics.AcquireAsync(access.Topic);
        if (_removed.TryRemove(group, out var before))
        {
            before.Topic.Expel(before); // messages held for that membership must not come after the start of the next one
        }

        var member = topic.JoinHeld(Connection, since ?? default, out var epoch, out var offset, generation);
        if (!Access.TryHold(access, member))
        {
            topic.Leave(member);
            _services.Topics.Release(topic);
            return null;
        }

        _groups[group] = member; // nobody else adds it: one joining at a time
        if (_isOver)
        {
            Leave(member); // the connection ended during the call
        }

        return new Entered(member, since, new LogPosition(epoch, offset));
    }

    private async Task AddSignalsAsync(Member member)
    {
        try
        {
            if (!_isOver)
            {
                await _services.Signals.AddToGroupAsync(ConnectionId, _services.Names.Group(member.Topic.Topic.Id));
            }
        }
        catch
        {
            Leave(member);
            throw;
        }

        if (!member.IsIn || _isOver)
        {
            // A removal, or the connection's end, came meanwhile. If the removal has already forgotten the member, it may have left SignalR's group
            // before the connection was added to it.
            member.Topic.Leave(member);
            if (!Forget(member))
            {
                _ = RemoveFromSignalsAsync(member.Topic.Topic.Id);
            }
        }
    }

    /// <summary>A held member, the last position of its client, and the position from which it receives the topic.</summary>
    private readonly record struct Entered(Member Member, LogPosition? Since, LogPosition Live)
    {
        /// <summary>The client asked for missed messages that its user may not read.</summary>
        public bool IsForbiddenSince { get; init; }
    }

    private void TellHole(Member member, LogPosition live) =>
        Connection.Enqueue(Connection.Format.Subscribed(member.Topic.Topic, live.Epoch, live.Offset, recovered: false)!);

    // Under the topic's lock.
    private void OnRemoved(Topic topic)
    {
        Volatile.Read(ref _presence)?.Remove(topic);
        if (_groups.TryGetValue(topic.Id, out var member) && !member.IsIn)
        {
            if (member.Held is not null)
            {
                foreach (var (id, one) in _removed.Where(static removed => removed.Value.Held is null))
                {
                    _removed.TryRemove(new(id, one)); // otherwise they and their topics would be kept for as long as the connection
                }

                _removed[topic.Id] = member;
            }

            _ = ForgetSoonAsync(member);
        }
    }

    private async Task ForgetSoonAsync(Member member)
    {
        await Task.Yield(); // out of the topic's lock
        Forget(member);
    }

    /// <summary>Returns false if the member was forgotten before.</summary>
    private bool Forget(Member member)
    {
        if (!_groups.TryRemove(new(member.Topic.Topic.Id, member)))
        {
            return false;
        }

        Volatile.Read(ref _presence)?.Remove(member.Topic.Topic);
        _services.Topics.Release(member.Topic);
        if (!_isOver)
        {
            _ = RemoveFromSignalsAsync(member.Topic.Topic.Id); // SignalR has forgotten a connection that has ended
        }

        return true;
    }

    // Leaves SignalR's group a moment after the topic. A signal sent before the removal takes another way here and may arrive after it. And where
    // Redis is Garnet, a node that unsubscribes from a channel at the very moment of a publish can make another node lose that signal.
    private async Task RemoveFromSignalsAsync(string group)
    {
        try
        {
            if (May(Topic.Group(group), Rights.Join))
            {
                await Task.Delay(SignalsLinger, _services.Time);
            }

            while (!_isOver && !TryFind(group, out _))
            {
                await _services.Signals.RemoveFromGroupAsync(ConnectionId, _services.Names.Group(group));
                if (!TryFind(group, out _))
                {
                    return;
                }

                // The user joined again meanwhile, and may leave again during this call.
                await _services.Signals.AddToGroupAsync(ConnectionId, _services.Names.Group(group));
            }
        }
        catch (Exception exception) when (!_isOver)
        {
            _services.SignalsFailed(exception); // signals of a group it left may still come; messages do not
        }
        catch (Exception)
        {
            // The connection ended meanwhile, and no node knows it any more.
        }
    }
}

/// <summary>The services that every <see cref="HubClient"/> needs.</summary>
internal sealed partial class HubServices(
    TopicTable topics, IBackplane backplane, MembershipWatch watch, SignalNames names, IHubContext<ChatHub> hub,
    Microsoft.Extensions.Options.IOptions<DefaultChats> chats,
    Microsoft.Extensions.Options.IOptions<ConnectionOptions> connections, TimeProvider time, ILogger<ChatHub> logger)
{
    public TimeProvider Time => time;

    public int GroupsPerUser => connections.Value.TopicsPerConnection;

    public TopicTable Topics => topics;

    public IBackplane Backplane => backplane;

    public MembershipWatch Watch => watch;

    public SignalNames Names => names;

    public IGroupManager Signals => hub.Groups;

    public IReadOnlyList<string> DefaultGroups => chats.Value.Groups;

    [LoggerMessage(Level = LogLevel.Warning, EventName = "SignalsNotLeft", Message = "A connection that left a group may still get its signals.")]
    private static partial void LogSignalsFailed(ILogger logger, Exception exception);

    public void SignalsFailed(Exception exception) => LogSignalsFailed(logger, exception);
}
