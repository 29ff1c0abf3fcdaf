using Chat.Faults.Clients;
using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>Socket.IO with only its Redis adapter (bench/socketio).</summary>
/// <param name="mayInstall">Whether npm may fetch its packages.</param>
internal sealed class SocketIoSystem(bool mayInstall) : SystemUnderTest("socketio", "Socket.IO + Redis adapter")
{
    private readonly NpmFolder _packages = new(Path.Combine(AppContext.BaseDirectory, "socketio"));

    public override async Task<string?> WhyNotAsync() =>
        mayInstall ? await _packages.InstallAsync()
        : _packages.IsInstalled ? null : "Its packages are not installed; --peers lets npm install them.";

    public override Task<Node> StartNodeAsync(string redis, IReadOnlyDictionary<string, string> settings) =>
        PeerProcess.StartAsync(url => [NpmFolder.Node!, Path.Combine(_packages.Folder, "server.mjs"), url, redis], redis);

    public override Task<ILoadClient> ConnectAsync(Func<Uri> door, Seat seat, TimeSpan within) =>
        SocketIoLoadClient.ConnectAsync(door, seat.Name, seat.Group, within);
}
