using MessagePack;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>The signals for hub clients. Messages (<c>message</c>, <c>direct</c>, <c>subscribed</c>) and events for a single user (<c>mirror</c>,
/// <c>forbidden</c>, <c>presence</c>) are not among them: topics deliver those (<see cref="HubFormat"/>), in order, with positions. A signal is not
/// kept and has no order.</summary>
public interface IChatClient
{
    /// <summary>Tells a connection that asked for positions its user and its node, because browsers see no headers of a WebSocket. It comes
    /// first.</summary>
    [HubMethodName("connected")]
    Task ConnectedAsync(ConnectedSignal signal);

    /// <summary>Tells those who are in a group already that somebody joins it.</summary>
    [HubMethodName("joined")]
    Task JoinedAsync(GroupSignal signal);

    /// <summary>Tells the others in a group that somebody leaves it.</summary>
    [HubMethodName("lost")]
    Task LostAsync(GroupSignal signal);

    /// <summary>Tells the others in a group that somebody types.</summary>
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
