using Chat.Faults.Clients;
using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>The system that the load runs against: how to start a node of it, and how its clients connect.</summary>
internal abstract class SystemUnderTest(string name, string title)
{
    /// <summary>The name on the command line.</summary>
    public string Name => name;

    /// <summary>The title in the table.</summary>
    public string Title => title;

    /// <summary>Whether clients connect through Chat's edge. Otherwise they take the nodes in turn, as behind a load balancer.</summary>
    public virtual bool HasEdge => false;

    /// <summary>Null, or the reason why it cannot run here.</summary>
    public virtual Task<string?> WhyNotAsync() => Task.FromResult<string?>(null);

    public abstract Task<Node> StartNodeAsync(string redis, IReadOnlyDictionary<string, string> settings);

    /// <summary>Returns when the client has joined its topics.</summary>
    public abstract Task<ILoadClient> ConnectAsync(Func<Uri> door, Seat seat, TimeSpan within);
}

/// <summary>A node of any system.</summary>
/// <param name="Id">The id as clients see it.</param>
/// <param name="Process">The process, which scenarios break.</param>
internal sealed record Node(string Id, ServerProcess Process);

/// <summary>A client's place in the load.</summary>
internal sealed record Seat(string Name, string Group, SeatKind Kind);

internal enum SeatKind
{
    /// <summary>A raw client in a group.</summary>
    Raw,

    /// <summary>Our own library on the hub, in JSON: in a group, and with a topic of its own.</summary>
    Library,

    /// <summary>SignalR's own client, in MessagePack: in a group, and with a topic of its own.</summary>
    Hub,

    /// <summary>A raw client on its own topic, which writes to other users.</summary>
    User,
}
