using System.Security.Claims;
using System.Text;
using Chat.Api.Auth;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.Access;

/// <summary>What one connection may do. It exists before the connection and ends after it.</summary>
/// <remarks>
/// <para>Guarantee: no connection is in a topic for longer than it may be, even if a right changes between its question and its joining.</para>
/// <para>Mechanism: a topic that the connection wants to join is first noted here (<see cref="ReachAsync"/>). The connection then joins it without
/// getting messages yet, and <see cref="TryHold"/> looks once more before letting it in. That look sees a change that comes before it. A change that
/// comes after it finds the member.</para>
/// </remarks>
internal sealed partial class ConnectionAccess : IDisposable
{
    private const int WrittenTopics = 256;
    private const int TopicsLeft = 512; // more than a connection is usually about to join at once
    private const int AskedAgain = 100; // of the topics that it is not in, so that a newer token costs the webhook few questions

    // For a connection that is about to join a topic that was forgotten: it has to try again.
    private static readonly AccessAnswer Forgotten = new(Rights.None) { IsAway = true, IsRefusal = true, ExpiresAt = 0 };

    private static readonly string[] RoleClaims = ["role", "roles"];

    private readonly Lock _gate = new(); // guards everything below that changes; never held across a callback
    private readonly Dictionary<string, TopicAccess> _topics = new(StringComparer.Ordinal); // joined, or about to be
    private readonly Dictionary<string, TopicAccess> _written = new(StringComparer.Ordinal); // written to only; what is in _topics as well counts there
    private readonly AccessTable _table;
    private readonly AccessSources _sources;
    private readonly Renewal _renewal;
    private volatile Asker _asker;
    private long _numbers;
    private Connection? _connection;
    private IAccessDoor? _door;
    private AccessAnswer _connect;
    private volatile bool _isOver;

    public ConnectionAccess(UserAccess user, AccessSources sources, AccessTable table, ClaimsPrincipal principal)
    {
        User = user;
        _sources = sources;
        _table = table;
        _renewal = new Renewal(this, topic: null);
        _asker = Read(user.UserId, principal);
    }

    public UserAccess User { get; }

    public AccessMetrics Metrics => _table.Metrics;

    /// <summary>The user's ban from everything, if there is one.</summary>
    public Sanction? Ban => User.Sanctions.Ban;

    /// <summary>The reason for closing a connection that may not be connected.</summary>
    public CloseReason Refusal => Ban is not null ? CloseReason.Banned : IsUnanswered ? CloseReason.TryLater : CloseReason.Forbidden;

    /// <summary>The reason for closing a connection that is for a topic and is not in it, or no longer.</summary>
    public CloseReason RefusalIn(TopicAccess access) => Ban is not null ? CloseReason.Banned
        : access.May(Rights.Join) ? CloseReason.LeftGroup
        : IsUnansweredIn(access.Topic, Rights.Join) ? CloseReason.TryLater : CloseReason.Forbidden;

    // True for most: nothing is configured, and the user has no sanctions.
    private bool IsOpen => _asker.Token is null && _sources.IsOpen && User.Sanctions.IsEmpty;

    /// <summary>Whether the user may be connected at all, bans aside.</summary>
    public bool MayConnect => _connect.Rights.HasFlag(Rights.Connect);

    /// <summary>Whether only a question without an answer keeps the user from being connected, so that trying again may help.</summary>
    public bool IsUnanswered
    {
        get
        {
            lock (_gate)
            {
                return Ban is null && _connect.IsAway;
            }
        }
    }

    /// <summary>Whether only a question without an answer keeps the user from doing something in a topic.</summary>
    public bool IsUnansweredIn(Topic topic, Rights right) => IsIn(topic, right, static granted => granted.IsAway);

    /// <summary>The same, where nobody else has decided in place of the one who did not answer.</summary>
    public bool IsUndecidedIn(Topic topic, Rights right) => IsIn(topic, right, static granted => granted.IsRefusal);

    private bool IsIn(Topic topic, Rights right, Func<AccessAnswer, bool> isSo)
    {
        lock (_gate)
        {
            return (_topics.TryGetValue(topic.Name, out var access) || _written.TryGetValue(topic.Name, out access))
                && isSo(access.Granted) && (User.Sanctions.DeniedIn(topic) & right) == 0;
        }
    }

    /// <summary>Whether the connection has ended.</summary>
    public bool IsOver => _isOver;

    /// <summary>Called once the connection exists. From now on it is told of changes, and closed when its user is banned.</summary>
    public void Attach(Connection connection, IAccessDoor door)
    {
        lock (_gate)
        {
            (_connection, _door) = (connection, door);
        }

        CloseIfBanned();
        if (!MayConnect)
        {
            connection.Close(Refusal); // it lost the right between the look at the door and now
        }
    }

    /// <summary>What the connection may do in a topic that it is about to join.</summary>
    public async ValueTask<TopicAccess> ReachAsync(Topic topic)
    {
        while (true)
        {
            var asker = _asker;
            lock (_gate)
            {
                if (_topics.TryGetValue(topic.Name, out var known) && known.IsIn)
                {
                    return known;
                }
            }

            var answer = await _sources.AskAsync(asker, topic);
            lock (_gate)
            {
                if (IsStill_NeedsLock(asker))
                {
                    return Add_NeedsLock(_topics, topic, answer);
                }
            }
        }
    }

    /// <summary>Looks a last time before a member receives its topic. Returns false if the member may not, and has to leave.</summary>
    /// <param name="access">What the connection may do there.</param>
    /// <param name="member">The member.</param>
    /// <param name="readsPast">Whether the member is to get what was written before.</param>
    public bool TryHold(TopicAccess access, Member member, bool readsPast = false)
    {
        long renewAt;
        lock (_gate)
        {
            _topics[access.Topic.Name] = access;
            Set_NeedsLock(access, access.Granted);
            access.Member = access.May(Rights.Join) ? member : null;
            member.IsReplayOver = readsPast && !access.May(Rights.History);
            if (access.Renewal is not { Connection: not null })
            {
                access.Renewal = new Renewal(this, access);
            }

            renewAt = access.Granted.RenewAt;
        }

        _table.Renewals.Add(renewAt, access.Renewal);
        return access.Member is not null;
    }

    /// <summary>What the connection may do in a topic, if that is known already. Costs no allocation.</summary>
    /// <param name="topic">The topic's name, UTF-8.</param>
    /// <param name="rights">All of its rights.</param>
    public bool TryKnow(ReadOnlySpan<byte> topic, out Rights rights)
    {
        rights = Rights.All;
        if (IsOpen)
        {
            return true;
        }

        Span<char> name = stackalloc char[Topic.MaxNameChars];
        return Encoding.UTF8.TryGetChars(topic, name, out var length) && TryKnow(name[..length], out rights);
    }

    /// <summary>What the connection may do in a topic, whether it is in it or not.</summary>
    public ValueTask<Rights> RightsAsync(Topic topic) =>
        IsOpen ? new(Rights.All) : TryKnow(topic.Name, out var rights) ? new(rights) : AskAsync(topic);

    /// <summary>Until when the user's sanctions deny a right. Null if they do not deny it, or deny it until they are lifted.</summary>
    public DateTimeOffset? Until(Topic topic, Rights right) => User.Sanctions.Until(topic, right);

    /// <summary>Called when the user's sanctions have changed.</summary>
    public void ApplySanctions()
    {
        List<Change> changes = [];
        lock (_gate)
        {
            foreach (var access in _topics.Values.Concat(_written.Values))
            {
                changes.Add(Apply_NeedsLock(access, access.Granted));
            }
        }

        changes.ForEach(Tell);
        CloseIfBanned();
    }

    public void Dispose()
    {
        _isOver = true;
        Renewal[] renewals;
        lock (_gate)
        {
            renewals = [_renewal, .. _topics.Values.Select(static access => access.Renewal).OfType<Renewal>()];
        }

        _table.Renewals.Forget(renewals);
        _table.Leave(this);
    }

    private static Asker Read(string userId, ClaimsPrincipal principal) => new(
        userId, TokenRights.Of(principal), [.. principal.Claims.Where(claim => RoleClaims.Contains(claim.Type)).Select(claim => claim.Value)]);

    private bool TryKnow(ReadOnlySpan<char> name, out Rights rights)
    {
        lock (_gate)
        {
            var isKnown = _topics.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var access)
                || _written.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out access);
            rights = access?.Now ?? Rights.None;
            return isKnown && (access!.IsIn || !_table.IsOver(access.Granted.ExpiresAt)); // answers about topics it is in are renewed
        }
    }

    private async ValueTask<Rights> AskAsync(Topic topic)
    {
        while (true)
        {
            var asker = _asker;
            var answer = await _sources.AskAsync(asker, topic);
            lock (_gate)
            {
                if (!IsStill_NeedsLock(asker))
                {
                    continue;
                }

                if (_topics.TryGetValue(topic.Name, out var known))
                {
                    return known.IsIn ? known.Now : Add_NeedsLock(_topics, topic, answer).Now; // it has joined meanwhile, has left, or could not join
                }

                if (_written.Count >= WrittenTopics)
                {
                    _written.Clear();
                }

                return Add_NeedsLock(_written, topic, answer).Now;
            }
        }
    }

    // If false, a newer token was shown meanwhile, or everything is to be asked anew.
    private bool IsStill_NeedsLock(Asker asker) => ReferenceEquals(asker, _asker);

    private TopicAccess Add_NeedsLock(Dictionary<string, TopicAccess> to, Topic topic, AccessAnswer answer)
    {
        if (!to.TryGetValue(topic.Name, out var access))
        {
            to[topic.Name] = access = new TopicAccess(topic);
        }

        access.Number = ++_numbers;
        Set_NeedsLock(access, answer);
        if (_topics.Count > 2 * TopicsLeft)
        {
            Forget_NeedsLock(TopicsLeft);
        }

        return access;
    }

    // Forgets topics that the connection has left, or could not join, but for the newest, and returns them. One that it is about to join comes back then.
    private TopicAccess[] Forget_NeedsLock(int newest)
    {
        TopicAccess[] old = [.. _topics.Values.Where(access => !access.IsIn && access.Number <= _numbers - newest)];
        foreach (var access in old)
        {
            _topics.Remove(access.Topic.Name);
        }

        if (old.Length > 0)
        {
            _table.Renewals.Forget(old.Select(static access => access.Renewal).OfType<Renewal>());
        }

        return old;
    }

    private void Set_NeedsLock(TopicAccess access, AccessAnswer answer)
    {
        access.Granted = answer;
        access.Now = answer.Rights & ~User.Sanctions.DeniedIn(access.Topic);
    }

    private Change Apply_NeedsLock(TopicAccess access, AccessAnswer answer)
    {
        var before = access.Now;
        Set_NeedsLock(access, answer);
        return new Change(access, before & ~access.Now, access.Member);
    }

    private void Tell(Change change)
    {
        var (access, lost, member) = change;
        if ((lost & Rights.Presence) != 0)
        {
            _door?.OnPresenceLost(access.Topic);
        }

        if ((lost & Rights.History) != 0 && member is not null)
        {
            member.IsReplayOver = true;
        }

        if ((lost & Rights.Join) != 0 && member is { IsIn: true })
        {
            Metrics.Lost();
            _door?.OnLost(access.Topic);
            member.Topic.Expel(member);
        }
    }

    private void CloseIfBanned()
    {
        if (Ban is not null)
        {
            _connection?.Close(Refusal);
        }
    }

    private readonly record struct Change(TopicAccess Access, Rights Lost, Member? Member);
}

/// <summary>The door by which a connection came in, as far as its rights are concerned. Must not wait, block or throw.</summary>
internal interface IAccessDoor
{
    /// <summary>The connection is about to be taken out of a topic, and is to be told so.</summary>
    void OnLost(Topic topic);

    /// <summary>The connection is no longer told who is in a topic.</summary>
    void OnPresenceLost(Topic topic);
}
