using Chat.Faults.Clients;
using Chat.Tests.Auth;
using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>Chat: nodes with default settings, behind an edge.</summary>
internal sealed class ChatSystem() : SystemUnderTest("chat", "Chat")
{
    public override bool HasEdge => true;

    public override async Task<Node> StartNodeAsync(string redis, IReadOnlyDictionary<string, string> settings)
    {
        var process = await NodeProcess.StartAsync(redis, settings.Append(new("Auth:SecurityKey", TestToken.Key)).ToDictionary());
        return new Node(process.Id, process);
    }

    public override Task<ILoadClient> ConnectAsync(Func<Uri> door, Seat seat, TimeSpan within) => seat.Kind switch
    {
        SeatKind.Raw => RawLoadClient.ConnectAsync(door, seat.Name, "group:" + seat.Group, within),
        SeatKind.User => RawLoadClient.ConnectAsync(door, seat.Name, "user:" + seat.Name, within),
        SeatKind.Library => LibraryLoadClient.ConnectAsync(door, seat.Name, seat.Group, within),
        _ => HubLoadClient.ConnectAsync(door, seat.Name, seat.Group, within),
    };
}
