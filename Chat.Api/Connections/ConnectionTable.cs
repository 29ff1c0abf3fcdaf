using System.Collections.Concurrent;
using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Connections;

/// <summary>Every connection on this node.</summary>
internal sealed class ConnectionTable(IOptions<ConnectionOptions> options, ConnectionMetrics metrics, TimeProvider time) : IConnectionCount
{
    private readonly ConcurrentDictionary<long, Connection> _connections = new();
    private long _lastNumber;
    private int _taken;
    private IConnectionListener? _listener;

    public ConnectionOptions Options => options.Value;

    public ConnectionMetrics Metrics => metrics;

    /// <summary>The allowances of the users of these connections.</summary>
    public UserAllowances Users { get; } = new(options.Value, time);

    public RecentCloses Closes { get; } = new(time);

    public TimeProvider Time => time;

    public int Connections => Volatile.Read(ref _taken);

    public IEnumerable<Connection> All => _connections.Select(connection => connection.Value);

    /// <summary>Sets who is told of users' connections opening and closing. Called before the first connection.</summary>
    public void Attach(IConnectionListener listener) => _listener = listener;

    /// <summary>Reserves a place for a connection that is about to be accepted. Returns false if the node is full.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Options.PerNode)
        {
            return true;
        }

        GiveBack();
        metrics.Refused(nameof(Options.PerNode));
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _taken);

    public long NextNumber() => Interlocked.Increment(ref _lastNumber);

    public void Add(Connection connection)
    {
        _connections[connection.Number] = connection;
        metrics.Opened();
        _listener?.OnOpened(connection.UserId);
    }

    public void Remove(Connection connection, CloseReason reason)
    {
        if (_connections.TryRemove(connection.Number, out _))
        {
            metrics.Closed(reason);
            Closes.Add(reason);
            _listener?.OnClosed(connection.UserId);
        }
    }
}
