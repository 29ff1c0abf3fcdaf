using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.RawEndpoints;

/// <summary>Everything that a client of the raw endpoints has here, from its request to the end of its connection: a place, its access,
/// its topics.</summary>
/// <remarks>It holds nothing of the request, which may be over long before: anything kept here is kept for each of ten thousand silent
/// clients.</remarks>
internal sealed class RawStay(RawServices services, string userId)
{
    private readonly List<LocalTopic> _acquired = new(1);
    private readonly List<Member> _joined = new(1);
    private IMessageReader? _reader;
    private WebSocketConnection _connection = null!; // until it runs
    private Func<Task>? _join;

    /// <summary>Set once the client has entered.</summary>
    public ConnectionAccess? Access { get; set; }

    public async Task AcquireAsync(Topic topic) => _acquired.Add(await services.Topics.AcquireAsync(topic));

    /// <summary>The positions of its topics at the moment.</summary>
    public (string Epoch, long Offset)[] Positions() => [.. _acquired.Select(topic => topic.Position)];

    /// <summary>Runs the connection from its upgrade to its end, after which nothing of it is left. Never fails for what a client or a
    /// network does.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reader">Handles its messages.</param>
    /// <param name="join">Joins the topics of its request.</param>
    public Task RunAsync(WebSocketConnection connection, IMessageReader reader, Func<Task> join)
    {
        (_connection, _reader, _join) = (connection, reader, join);
        connection.Removed = OnRemoved;
        return RunAsync();
    }

    /// <summary>Joins one of the topics.</summary>
    /// <param name="access">What the connection may do there.</param>
    /// <param name="since">The position up to which its client has everything. Null: the one in <paramref name="before"/>.</param>
    /// <param name="before">The positions of the acquired topics before the upgrade.</param>
    public async Task JoinAsync(TopicAccess access, LogPosition? since, (string Epoch, long Offset)[] before)
    {
        var at = _acquired.FindIndex(one => one.Topic == access.Topic);
        if (at < 0)
        {
            _connection.Forbid(access.Topic, Rights.Join, default);
            return;
        }

        var topic = _acquired[at];
        var members = services.Members;
        var from = since ?? new LogPosition(before[at].Epoch, before[at].Offset);
        var member = members.IsRestricted(topic.Topic) ? await members.TryJoinAsync(topic, _connection, from, IsLetIn)
            : since is null && topic.TryJoin(_connection, before[at]) is { } live ? (IsLetIn(live) ? live : null)
            : await TopicReplay.JoinAsync(topic, _connection, from, services.Backplane, IsLetIn);
        if (member is null)
        {
            _connection.CloseFor(access); // its access was lost between the check before the upgrade and this one
            return;
        }

        _connection.Watch(access);

        // Whatever becomes of the member, it leaves with the connection.
        bool IsLetIn(Member one)
        {
            _joined.Add(one);
            return _connection.Access.TryHold(access, one, readsPast: since is not null);
        }
    }

    /// <summary>Gives back everything.</summary>
    public void Leave()
    {
        _acquired.ForEach(services.Topics.Release);
        Access?.Dispose();
        services.Admission.Leave(userId);
        _reader?.Leave();
    }

    private async Task RunAsync()
    {
        try
        {
            await services.Life.RunAsync(_connection, JoinAndReadAsync, LeaveTopics);
        }
        finally
        {
            _connection.Disconnect();
            services.Members.Leave(_connection);
            Leave();
        }
    }

    private async Task<CloseReason> JoinAndReadAsync()
    {
        _connection.Access.Attach(_connection, _connection);
        try
        {
            await _join!();
        }
        catch (BackplaneUnavailableException)
        {
            _connection.Close(CloseReason.TryLater);
        }

        _join = null; // not to be kept for as long as the client stays
        return await _connection.ReadAsync(_reader!);
    }

    private void LeaveTopics()
    {
        _connection.Presence?.End();
        _joined.ForEach(static member => member.Topic.Leave(member));
    }

    private void OnRemoved(Topic topic)
    {
        _connection.Presence?.Remove(topic);
        _reader!.OnRemoved(_connection, topic);
    }
}

/// <summary>The services that all stays use.</summary>
internal sealed record RawServices(TopicTable Topics, IBackplane Backplane, GroupAccess Members, Admission Admission, ConnectionRun Life);
