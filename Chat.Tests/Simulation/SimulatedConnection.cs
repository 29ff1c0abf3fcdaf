using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Tests.Simulation;

/// <summary>A client's connection at a node, with the real outbox.</summary>
internal sealed class SimulatedConnection(string userId, SimulatedNode node, SimulatedSocket socket)
    : ClientConnection(node.Connections.NextNumber(), userId, SimulatedFormat.Instance, socket, node.Connections)
{
    public SimulatedNode Node => node;

    public SimulatedSocket Socket => socket;

    /// <summary>Of a client of the hub.</summary>
    public HubClient? Hub { get; set; }

    /// <summary>Of a raw client.</summary>
    public Member? Member { get; set; }

    /// <summary>Leaves whatever was joined; once it is known and the node is not in the midst of it.</summary>
    public Action? LeaveAll { get; set; }

    /// <summary>It may send and join.</summary>
    public bool IsOpen { get; set; }

    /// <summary>The node knows that the client is gone.</summary>
    public bool IsOver { get; private set; }

    public new bool IsClosing => base.IsClosing;

    /// <summary>Topics that it has taken up from a position.</summary>
    public Dictionary<string, LogPosition> Since { get; init; } = [];

    /// <summary>Called when the node learns that the client is gone. What runs for it runs to its end.</summary>
    public void Over()
    {
        if (!IsOver)
        {
            IsOver = true;
            End(CloseReason.Vanished);
        }
    }

    protected override Frame LastFrame(CloseReason reason) => SimulatedFormat.Line($"C - - {reason.Code} -");
}
