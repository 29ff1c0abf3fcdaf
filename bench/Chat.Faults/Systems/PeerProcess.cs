using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>A node of another system.</summary>
internal sealed class PeerProcess : ServerProcess
{
    private PeerProcess(Started started)
        : base(started, patience: TimeSpan.FromSeconds(10))
    {
    }

    /// <summary>Returns when the node answers.</summary>
    /// <param name="command">Returns the program and its arguments, given the address that it has to listen on.</param>
    /// <param name="redis">The connection string of its Redis.</param>
    public static async Task<Node> StartAsync(Func<string, string[]> command, string redis)
    {
        var process = new PeerProcess(await LaunchAsync(command, redis, [("Logging:LogLevel:Default", "Warning")]));
        await process.UntilAsync("health", answer => answer is { IsSuccessStatusCode: true }, StartTime);
        return new Node(process.Address.Authority, process);
    }
}
