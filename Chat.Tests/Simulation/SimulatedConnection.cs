using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Tests.Simulation;

/// <summary>A client's connection to a node, with the real outbox.</summary>
internal sealed class SimulatedConnection(string userId, SimulatedNode node, SimulatedSocket socket)
    : ClientConnection(node.Connections.NextNumber(), userId, SimulatedFormat.Instance, socket, node.Connections)
{
    public SimulatedNode Node => node;

    public SimulatedSocket Socket => socket;

    /// <summary>Set for a client of the hub.</summary>
    public HubClient? Hub { get; set; }

    /// <summary>Set for a raw client.</summary>
    public Member? Member { get; set; }

    /// <summary>Leaves all that was joined. Set once that is known and the node is not in the middle of a join.</summary>
    public Action? LeaveAll { get; set; }

    /// <summary>Whether the client may send and join.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Whether the node knows that the client is gone.</summary>
    public bool IsOver { get; private set; }

    public new bool IsClosing => base.IsClosing;

    /// <summary>The positions from which it resumes topics.</summary>
    public Dictionary<string, LogPosition> Since { get; init; } = [];

    /// <summary>Called when the node learns that the client is gone. Operations under way for it run to their end.</summary>
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
