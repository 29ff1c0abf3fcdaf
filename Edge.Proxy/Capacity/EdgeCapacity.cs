using Chat.Sockets.Clients;
using Edge.Proxy.Requests;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Edge.Proxy.Capacity;

/// <summary>Limits how many connections this edge carries: each takes two open files, one towards the client and one towards the node.</summary>
/// <remarks>It refuses connections well before the system's limit is reached, whatever the settings say. At the limit it could
/// neither accept nor connect, and .NET has been seen to end the process there ("Out of memory").</remarks>
internal sealed partial class EdgeCapacity
{
    // For Redis, health probes, telemetry, and libraries that are loaded later.
    private const int OwnFiles = 128;

    private readonly NowAndThen _says;
    private readonly EdgeMetrics _metrics;
    private readonly ILogger<EdgeCapacity> _logger;
    private readonly int? _limit = OpenFiles.Limit();
    private readonly int _allowed;
    private int _carried;

    public EdgeCapacity(IOptions<EdgeOptions> options, EdgeMetrics metrics, TimeProvider time, ILogger<EdgeCapacity> logger)
    {
        _metrics = metrics;
        _logger = logger;
        _says = new NowAndThen(time);
        var free = _limit - OpenFiles.Count() - OwnFiles;

        // 45% towards clients, 45% towards nodes. The rest is for clients that are being refused, and for connections to
        // nodes that idle between two requests.
        _allowed = free is null ? int.MaxValue : Math.Max(1, free.Value * 9 / 20);
        Connections = Math.Min(options.Value.Connections ?? int.MaxValue, _allowed);
        Clients = free is null ? int.MaxValue : _allowed + Math.Max(4, free.Value / 20);
    }

    /// <summary>The most connections carried at once.</summary>
    public int Connections { get; }

    /// <summary>How many are carried now.</summary>
    public int Carried => Volatile.Read(ref _carried);

    /// <summary>The most TCP connections of clients. Somewhat more than can be carried, for those that are told that they are too many.</summary>
    public int Clients { get; }

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _carried) <= Connections)
        {
            return true;
        }

        GiveBack();
        _metrics.Refused(EdgeRefusal.Full);
        if (_says.IsTime())
        {
            LogFull(Connections, _limit);
        }

        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _carried);

    /// <summary>Logs now and then that the system has no more files or ports.</summary>
    public void Report(OwnFault fault)
    {
        if (!_says.IsTime())
        {
            return;
        }

        if (fault == OwnFault.OpenFiles)
        {
            LogOpenFiles(_limit);
        }
        else
        {
            LogLocalPorts();
        }
    }

    /// <summary>Logs once, at the start, how much this edge can carry. From then on, the meter reports how much it carries.</summary>
    public void Announce()
    {
        _metrics.Observe(() => Carried);
        if (_limit is { } limit)
        {
            LogLimit(limit, _allowed, Connections);
        }
    }

    [LoggerMessage(EventName = "Capacity", Level = LogLevel.Information, Message = "The limit of {Limit} open files (ulimit -n) allows {Allowed} connections, each of which takes two; at most {Connections} are carried")]
    private partial void LogLimit(int limit, int allowed, int connections);

    [LoggerMessage(EventName = "EdgeFull", Level = LogLevel.Warning, Message = "This edge carries {Connections} connections, as many as it may, and refuses more. Raise its limit of {Limit} open files (ulimit -n; two per connection), Edge:Connections if that is lower, or start another edge")]
    private partial void LogFull(int connections, int? limit);

    [LoggerMessage(EventName = "OpenFilesUsedUp", Level = LogLevel.Error, Message = "This edge cannot connect to nodes: the limit of {Limit} open files of its process (ulimit -n; two per connection), or that of the machine, is reached. Raise it, or start another edge")]
    private partial void LogOpenFiles(int? limit);

    [LoggerMessage(EventName = "LocalPortsUsedUp", Level = LogLevel.Error, Message = "This edge cannot connect to a node: every local port is in use towards its address. Widen the range (net.ipv4.ip_local_port_range), or start more nodes or edges")]
    private partial void LogLocalPorts();
}
