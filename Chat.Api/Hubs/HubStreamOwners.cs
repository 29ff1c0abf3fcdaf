using System.Collections.Concurrent;

namespace Chat.Api.Hubs;

/// <summary>The user to whom each connection of SignalR's own transports belongs.</summary>
/// <remarks>Guarantee: every request of a connection is made by the user who began it. SignalR itself checks only the id: anybody with a valid token
/// and the id of another user's connection could write as that user and read their messages.</remarks>
internal sealed class HubStreamOwners
{
    private readonly ConcurrentDictionary<string, HubStreamOwner> _owners = new(StringComparer.Ordinal);

    /// <summary>Notes that the connection belongs to <paramref name="userId"/>, unless its owner is known already.</summary>
    public HubStreamOwner Begin(string id, string userId, string? edge, out bool isNew)
    {
        var created = new HubStreamOwner(userId, edge);
        var owner = _owners.GetOrAdd(id, created);
        isNew = owner == created;
        return owner;
    }

    public void Remove(string id, HubStreamOwner owner) => _owners.TryRemove(new(id, owner));

    /// <summary>Returns false if the connection exists and belongs to another user.</summary>
    public bool MayUse(string id, string userId) => !_owners.TryGetValue(id, out var owner) || owner.UserId == userId;
}

/// <summary>The user of a connection, and the edge that carries its waiting request. With long polling, each poll may come through another
/// edge.</summary>
internal sealed class HubStreamOwner(string userId, string? edge)
{
    private readonly Lock _gate = new(); // guards _edge and _stream
    private string? _edge = edge;
    private HubStream? _stream;
    private volatile bool _isRunning;

    public string UserId => userId;

    /// <summary>Whether SignalR runs the connection, and so will report its end.</summary>
    public bool IsRunning
    {
        get => _isRunning;
        set => _isRunning = value;
    }

    /// <summary>Called when the connection has been let in.</summary>
    public void Enter(HubStream stream)
    {
        lock (_gate)
        {
            _stream = stream;
            stream.Edge = _edge;
        }
    }

    /// <summary>Notes that the client waits at this edge now.</summary>
    /// <returns>The connection; null until it has been let in.</returns>
    public HubStream? MoveTo(string? edge)
    {
        lock (_gate)
        {
            _edge = edge;
            _stream?.Edge = edge;
            return _stream;
        }
    }
}
