using System.Security.Claims;
using Chat.Api.Auth;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>The SignalR chat. A user is in a group with all devices, whichever nodes they are connected to.</summary>
/// <remarks>Messages take the same path as all others (log, topics, outboxes); signals are ordinary SignalR sends.
/// docs/PROTOCOL.md is the contract.</remarks>
[Authorize]
internal sealed partial class ChatHub : Hub<IChatClient>
{
    private readonly HubMessages _messages;
    private readonly HubMemberships _memberships;
    private readonly SignalNames _names;
    private readonly HubTyping _typing;
    private readonly HubPresence _presence;
    private readonly TokenValidator _tokens;
    private readonly NodeIdentity _node;
    private readonly ILogger<ChatHub> _logger;

    public ChatHub(HubMessages messages, HubMemberships memberships, SignalNames names, HubTyping typing, HubPresence presence, TokenValidator tokens, NodeIdentity node, ILogger<ChatHub> logger)
    {
        _logger = logger;
        _messages = messages;
        _memberships = memberships;
        _names = names;
        _typing = typing;
        _presence = presence;
        _tokens = tokens;
        _node = node;
    }

    private HubClient Client => Context.Features.Get<HubClient>() ?? throw new InvalidOperationException("The connection did not come through the hub's endpoint.");

    public override async Task OnConnectedAsync()
    {
        if (Client.TellsPositions)
        {
            await Clients.Caller.ConnectedAsync(new ConnectedSignal(Client.UserId, _node.Id, Client.GroupsSince));
        }

        await _memberships.EnterAsync(Client);
    }

    /// <summary>Writes to a group.</summary>
    [HubMethodName("post")]
    public Task<PostAnswer> PostAsync(PostRequest request)
    {
        var group = GroupId(request.Group);
        _memberships.CheckMayWrite(Client, group);
        return _messages.PublishAsync(Topic.Group(group), Client, request.Message, request.Id);
    }

    /// <summary>Writes to a user, who gets the message on every device.</summary>
    [HubMethodName("send")]
    public Task<PostAnswer> SendAsync(SendRequest request) =>
        _messages.PublishAsync(Topic.User(Id(request.To)), Client, request.Message, request.Id);

    /// <summary>Joins a group, tells the others, and returns what was written since the client was last there.</summary>
    [HubMethodName("join")]
    public async Task<MessagesAnswer> JoinAsync(JoinRequest request)
    {
        var group = GroupId(request.Group);
        var since = HubMessages.Since(request.Since);
        _messages.CheckMayUse(Topic.Group(group), Client.Connection);
        await Client.CheckAsync(Topic.Group(group), since is null ? Rights.Join : Rights.Join | Rights.History);
        var isNews = since is null || !Client.TryFind(group, out _); // otherwise the client is in the group already and asks for missed messages, as after each reconnect
        var generation = await _memberships.JoinAsync(Client, group);
        if (isNews)
        {
            await TellAsync(() => Clients.GroupExcept(_names.Group(group), Context.ConnectionId).JoinedAsync(new GroupSignal(group, Client.UserId)));
        }

        var missed = await _memberships.AddAsync(Client, group, generation, since);
        return since is null || await Client.MayAsync(Topic.Group(group), Rights.History) ? missed : missed with { Recovered = false, Messages = [], Deletions = null };
    }

    /// <summary>Leaves a group on all of the user's devices.</summary>
    [HubMethodName("leave")]
    public async Task<LeaveAnswer> LeaveAsync(LeaveRequest request)
    {
        var group = GroupId(request.Group);
        _messages.TakeTopic(Topic.Group(group), Client.Connection); // leaving writes to the group's log and notifies all members
        var mark = await _memberships.MarkLeftAsync(Client, group);

        // Both are sent before the removal: a device that has left the group, on any node, no longer receives the signal that says who left.
        _memberships.Mirror(Client, group, mark);
        await TellAsync(() => Clients.OthersInGroup(_names.Group(group)).LostAsync(new GroupSignal(group, Client.UserId)));
        return await _memberships.RemoveAsync(Client, group, mark);
    }

    /// <summary>Takes this connection out of a group; the user stays a member. The event <c>mirror</c> asks clients for this call.</summary>
    [HubMethodName("unsubscribe")]
    public void Unsubscribe(UnsubscribeRequest request)
    {
        Client.Unsubscribe(GroupId(request.Group));
    }

    /// <summary>Returns what a group's log holds.</summary>
    [HubMethodName("history")]
    public async Task<MessagesAnswer> HistoryAsync(HistoryRequest request)
    {
        var group = GroupId(request.Group);
        var since = HubMessages.Since(request.Since);
        HubMemberships.CheckIsMember(Client, group);
        await Client.CheckAsync(Topic.Group(group), Rights.History);
        var answer = await _messages.HistoryAsync(Topic.Group(group), since, request.Limit);
        HubMemberships.CheckIsMember(Client, group); // once more: the reading may have had to wait
        await Client.CheckAsync(Topic.Group(group), Rights.History);
        return answer;
    }

    /// <summary>Returns who is in a group, and tells from now on who comes and goes.</summary>
    [HubMethodName("presence")]
    public async Task<PresenceAnswer> PresenceAsync(PresenceRequest request)
    {
        var group = GroupId(request.Group);
        HubMemberships.CheckIsMember(Client, group);
        await Client.CheckAsync(Topic.Group(group), Rights.Presence);
        var answer = await _presence.ReadAsync(Client, group, request.Watch ?? true);
        HubMemberships.CheckIsMember(Client, group); // once more, as above
        await Client.CheckAsync(Topic.Group(group), Rights.Presence);
        return answer;
    }

    /// <summary>Tells the others that the user is typing, no more often than they need to know.</summary>
    [HubMethodName("typing")]
    public async Task TypingAsync(TypingRequest request)
    {
        var group = GroupId(request.Group);
        HubMemberships.CheckIsMember(Client, group);
        await Client.CheckAsync(Topic.Group(group), Rights.Post);
        if (await _typing.IsDueAsync(Client, group))
        {
            await TellAsync(() => Clients.OthersInGroup(_names.Group(group)).TypingAsync(new GroupSignal(group, Client.UserId)));
        }
    }

    /// <summary>Presents a newer token, so that the connection outlives the one it began with.</summary>
    [HubMethodName("refresh")]
    public async Task<RefreshAnswer> RefreshAsync(RefreshRequest request)
    {
        var result = await _tokens.ValidateAsync(request.Token ?? "");
        if (!result.IsValid)
        {
            throw HubError.InvalidToken(result.Exception.Message);
        }

        var user = new ClaimsPrincipal(result.ClaimsIdentity);
        if (ChatUser.IdOf(user) != Client.UserId)
        {
            throw HubError.OtherUser();
        }

        await Client.Access.RenewAsync(user); // first: if this fails, the older token still expires when it would have
        Client.Connection.ExpiresAt = ChatUser.ExpiresAt(user);
        return new RefreshAnswer(Client.Connection.ExpiresAt);
    }

    // A call must not fail because of a signal, which may be lost in any case.
    private async Task TellAsync(Func<Task> signal)
    {
        try
        {
            await signal();
        }
        catch (Exception exception)
        {
            Log.SignalLost(_logger, exception.Message);
        }
    }

    private static string GroupId(string? id) => Id(id);

    private static string Id(string? id) => ChatId.TryParse(id, out var valid) ? valid : throw HubError.InvalidId();

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "SignalLost", Message = "A signal could not be sent: {Reason}")]
        public static partial void SignalLost(ILogger logger, string reason);
    }
}
