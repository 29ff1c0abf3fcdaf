using Chat.Sockets.Clients;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Connections;

/// <summary>Limits how many TCP connections this node has, by its settings and by how many files its process may open: each takes one.</summary>
/// <remarks>At the system's limit a node could accept nobody, whoever has its files, and .NET has been seen to end the process there
/// ("Out of memory").</remarks>
internal sealed partial class NodeCapacity(IOptions<ConnectionOptions> options, ConnectionMetrics metrics, TimeProvider time, ILogger<NodeCapacity> logger)
{
    // For libraries that are loaded later, Redis, requests to backends and telemetry; and for connections that are accepted and not yet counted, or are
    // being ended and no longer counted. With fewer to spare, the node runs into the limit with every burst of clients, and accepts again a second later.
    private const int OwnFiles = 320;

    // Besides clients that are connected: requests, connections of edges that wait for the next one, and clients that are being refused.
    private const int LeastOthers = 10_000;

    // The server's own. No shorter than that: an edge keeps a connection that it has not used yet for a minute, and would use one that is just being closed.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);
    private static readonly TimeSpan Headers = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ServersTurn = TimeSpan.FromSeconds(5); // it looks at the clock once a second

    private readonly NowAndThen _says = new(time);

    /// <summary>How many files are free for clients now; null without a limit.</summary>
    public static int? FreeFiles() => OpenFiles.Limit() is { } limit ? Math.Max(1, limit - OpenFiles.Count() - OwnFiles) : null;

    /// <summary>Lowers the settings to what the process can have.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="files">How many files are free for clients.</param>
    public static void Limit(ConnectionOptions options, int? files)
    {
        var wanted = options.TcpConnections ?? options.PerNode + Math.Max(LeastOthers, options.PerNode / 10);
        var most = Math.Min(wanted, files ?? int.MaxValue);
        options.TcpConnections = most;

        // The rest is for clients that are refused in words, and for requests: an edge that cannot ask for this node's health sends nobody any more.
        options.PerNode = Math.Min(options.PerNode, Math.Max(1, (int)(most * 0.95)));
    }

    public ClientBounds Bounds() => new()
    {
        Most = options.Value.TcpConnections!.Value,
        FirstRequest = KeepAlive,
        Idle = KeepAlive + Headers + ServersTurn,
        Refused = Refused,
    };

    /// <summary>Logs once, at the start, how much this node can take.</summary>
    public void Announce()
    {
        if (OpenFiles.Limit() is { } limit)
        {
            LogLimit(limit, options.Value.TcpConnections!.Value, options.Value.PerNode);
        }
    }

    private void Refused(ClientRefusal why)
    {
        metrics.Refused(why == ClientRefusal.Untaken ? nameof(ConnectionOptions.UntakenAnswers) : nameof(ConnectionOptions.TcpConnections));
        if (why is ClientRefusal.Full or ClientRefusal.Idle && _says.IsTime())
        {
            LogFull(options.Value.TcpConnections!.Value, OpenFiles.Limit());
        }
    }

    [LoggerMessage(EventName = "Capacity", Level = LogLevel.Information, Message = "With a limit of {Limit} open files (ulimit -n), at most {TcpConnections} TCP connections are accepted, {PerNode} of them for clients that stay connected")]
    private partial void LogLimit(int limit, int tcpConnections, int perNode);

    [LoggerMessage(EventName = "NodeFull", Level = LogLevel.Warning, Message = "This node has {TcpConnections} TCP connections, as many as it may. The one that has been idle for the longest gives way to each new one; if none is idle, new ones are refused. If these are clients of yours, raise its limit of {Limit} open files (ulimit -n), Chat:Connections:TcpConnections if that is lower, or start another node")]
    private partial void LogFull(int tcpConnections, int? limit);
}
