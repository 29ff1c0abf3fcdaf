using Chat.Faults.Clients;
using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>What the load runs against: how a node of it starts, and how its clients connect.</summary>
internal abstract class SystemUnderTest(string name, string title)
{
    /// <summary>As on the command line.</summary>
    public string Name => name;

    /// <summary>As in the table.</summary>
    public string Title => title;

    /// <summary>Whether clients come through Chat's edge; else they take the nodes in turn, as behind a balancer.</summary>
    public virtual bool HasEdge => false;

    /// <summary>Null, or why it cannot run here.</summary>
    public virtual Task<string?> WhyNotAsync() => Task.FromResult<string?>(null);

    public abstract Task<Node> StartNodeAsync(string redis, IReadOnlyDictionary<string, string> settings);

    /// <summary>Returns when the client is in its topics.</summary>
    public abstract Task<ILoadClient> ConnectAsync(Func<Uri> door, Seat seat, TimeSpan within);
}

/// <summary>A node, whichever system's.</summary>
/// <param name="Id">As clients see it.</param>
/// <param name="Process">What can be broken.</param>
internal sealed record Node(string Id, ServerProcess Process);

/// <summary>A client's place in the load.</summary>
internal sealed record Seat(string Name, string Group, SeatKind Kind);

internal enum SeatKind
{
    /// <summary>A raw client in a group.</summary>
    Raw,

    /// <summary>Our own library in a group, with a topic of its own; on the hub, in JSON.</summary>
    Library,

    /// <summary>SignalR's own client in a group, with a topic of its own, in MessagePack.</summary>
    Hub,

    /// <summary>A raw client on its own topic, which writes to other users.</summary>
    User,
}
