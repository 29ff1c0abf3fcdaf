using Chat.Faults.Clients;

namespace Chat.Faults.Systems;

/// <summary>SignalR with only its Redis backplane (bench/signalr).</summary>
internal sealed class SignalRSystem() : SystemUnderTest("signalr", "SignalR + Redis backplane")
{
    public override Task<Node> StartNodeAsync(string redis, IReadOnlyDictionary<string, string> settings) =>
        PeerProcess.StartAsync(_ => ["dotnet", Path.Combine(AppContext.BaseDirectory, "SignalR.dll")], redis);

    public override Task<ILoadClient> ConnectAsync(Func<Uri> door, Seat seat, TimeSpan within) =>
        SignalRLoadClient.ConnectAsync(door, seat.Name, seat.Group, within);
}
