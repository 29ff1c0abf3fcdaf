namespace Chat.Api.Connections;

/// <summary>Why a connection ended; travels as the WebSocket close code and text (RFC 6455, section 7.4).</summary>
/// <remarks>docs/PROTOCOL.md says what a client should do at each. The text has at most 123 UTF-8 bytes: a close frame
/// carries 125 and the code takes two (section 5.5).</remarks>
internal sealed record CloseReason(int Code, string Text)
{
    /// <summary>Whether clients that reconnect by themselves are told not to.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The client closed; its own code goes back to it.</summary>
    public static readonly CloseReason ByClient = new(1000, "");

    /// <summary>The socket ended without a closing handshake. Never sent.</summary>
    public static readonly CloseReason Vanished = new(1006, "vanished");

    /// <summary>Nothing was heard from the client for too long. Sent in the hope that only one direction is dead.</summary>
    public static readonly CloseReason PingTimeout = new(1001, "ping timeout");

    public static readonly CloseReason ProtocolError = new(1002, "not a valid WebSocket frame");

    public static readonly CloseReason NoHandshake = new(1002, "no handshake of SignalR's in time");

    public static readonly CloseReason Binary = new(1003, "text frames only");

    public static readonly CloseReason NotUtf8 = new(1007, "not valid UTF-8");

    public static readonly CloseReason TooManyMessages = new(1008, "too many messages");

    public static readonly CloseReason TooManyBytes = new(1008, "too many bytes");

    public static readonly CloseReason TooManyErrors = new(1008, "too many malformed messages");

    public static readonly CloseReason TooBig = new(1009, "message too big");

    public static readonly CloseReason Fault = new(1011, "internal error");

    public static readonly CloseReason Draining = new(1012, "draining");

    /// <summary>The edge that the connection came through is stopping; the node is not.</summary>
    public static readonly CloseReason EdgeDraining = new(1012, "edge draining");

    /// <summary>The node has more than its share of connections, and this one is to go to another.</summary>
    public static readonly CloseReason Rebalanced = new(1012, "rebalancing");

    /// <summary>This node has lost Redis, and others have not.</summary>
    public static readonly CloseReason CutOff = new(1012, "node cut off");

    /// <summary>Redis went away between the upgrade and the end of a replay.</summary>
    public static readonly CloseReason TryLater = new(1013, "try again later");

    public static readonly CloseReason SlowConsumer = new(1013, "slow consumer");

    /// <summary>The token that the connection came with has expired, and the client has shown no newer one.</summary>
    public static readonly CloseReason TokenExpired = new(4401, "token expired");

    /// <summary>The hub ended it, and SignalR has told the client why.</summary>
    public static readonly CloseReason HubEnded = new(1000, "");

    /// <summary>The user has left the group that this connection is for.</summary>
    public static readonly CloseReason LeftGroup = new(4403, "left the group");

    /// <summary>The user may not, or may no longer, be in the topic that this connection is for.</summary>
    public static readonly CloseReason Forbidden = new(4403, "forbidden");

    /// <summary>The user is banned from everything.</summary>
    public static readonly CloseReason Banned = new(4423, "banned") { IsFinal = true };

    /// <summary>A backend has ended it, perhaps with a text of its own.</summary>
    public static readonly CloseReason Disconnected = new(4410, "disconnected") { IsFinal = true };
}
