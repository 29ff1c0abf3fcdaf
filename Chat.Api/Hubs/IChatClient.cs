using MessagePack;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>The signals a hub client gets. Messages (<c>message</c>, <c>direct</c>, <c>subscribed</c>) and what
/// is for a user (<c>mirror</c>, <c>forbidden</c>, <c>presence</c>) are not among them:
/// topics deliver those (<see cref="HubFormat"/>), in order, with positions. A signal is not kept and has no order.</summary>
public interface IChatClient
{
    /// <summary>Tells a connection that asked for positions who it is, and where: browsers see no header of a WebSocket. It comes first.</summary>
    [HubMethodName("connected")]
    Task ConnectedAsync(ConnectedSignal signal);

    /// <summary>Somebody joins a group; told to those in it already.</summary>
    [HubMethodName("joined")]
    Task JoinedAsync(GroupSignal signal);

    /// <summary>Somebody leaves a group; told to the others.</summary>
    [HubMethodName("lost")]
    Task LostAsync(GroupSignal signal);

    /// <summary>Somebody types; told to the others.</summary>
    [HubMethodName("typing")]
    Task TypingAsync(GroupSignal signal);
}

[MessagePackObject]
public sealed record ConnectedSignal(
    [property: Key("user")] string User,
    [property: Key("node")] string Node,
    [property: Key("groupsSince")] long GroupsSince);

[MessagePackObject]
public sealed record GroupSignal(
    [property: Key("group")] string Group,
    [property: Key("nick")] string Nick);
