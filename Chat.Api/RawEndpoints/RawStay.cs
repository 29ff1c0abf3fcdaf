using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.RawEndpoints;

/// <summary>What a client of the raw endpoints has here, from its request to the end of its connection: a place, its access, its topics.</summary>
/// <remarks>It knows nothing of the request, which may be over long before: whatever is kept here, ten thousand silent clients keep.</remarks>
internal sealed class RawStay(RawServices services, string userId)
{
    private readonly List<LocalTopic> _acquired = new(1);
    private readonly List<Member> _joined = new(1);
    private IMessageReader? _reader;
    private WebSocketConnection _connection = null!;
    private Func<Task>? _join;

    /// <summary>Once it has entered.</summary>
    public ConnectionAccess? Access { get; set; }

    public async Task AcquireAsync(Topic topic) => _acquired.Add(await services.Topics.AcquireAsync(topic));

    /// <summary>How far its topics are now.</summary>
    public (string Epoch, long Offset)[] Positions() => [.. _acquired.Select(topic => topic.Position)];

    /// <summary>From its upgrade to its end, after which nothing of it is left. Never fails for what a client or a network does.</summary>
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
    /// <param name="access">What it may do there.</param>
    /// <param name="since">What its client has already. Null: no more than there was <paramref name="before"/>.</param>
    /// <param name="before">Per acquired topic how far it was before the upgrade.</param>
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
            _connection.CloseFor(access); // between the look before the upgrade and this one
            return;
        }

        _connection.Watch(access);

        // Whatever becomes of it, it leaves with the connection.
        bool IsLetIn(Member one)
        {
            _joined.Add(one);
            return _connection.Access.TryHold(access, one, readsPast: since is not null);
        }
    }

    /// <summary>Gives back all of it.</summary>
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

        _join = null; // not to be kept for as long as its client stays
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
        _reader!.OnRemoved(_connection);
    }
}

/// <summary>What all of them use.</summary>
internal sealed record RawServices(TopicTable Topics, IBackplane Backplane, GroupAccess Members, Admission Admission, ConnectionRun Life);
