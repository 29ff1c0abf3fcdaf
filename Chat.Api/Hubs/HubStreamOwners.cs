using System.Collections.Concurrent;

namespace Chat.Api.Hubs;

/// <summary>The user to whom each connection of SignalR's own transports belongs.</summary>
/// <remarks>Guarantee: every request of a connection is made by the user who began it. SignalR goes by the id
/// alone: anybody with a valid token and the id of another user's connection could write as that user and read their messages.</remarks>
internal sealed class HubStreamOwners
{
    private readonly ConcurrentDictionary<string, string> _users = new(StringComparer.Ordinal);

    /// <summary>Notes that the connection belongs to <paramref name="userId"/>.</summary>
    public void Add(string id, string userId) => _users[id] = userId;

    public void Remove(string id) => _users.TryRemove(id, out _);

    /// <summary>Returns false if the connection exists and belongs to another user.</summary>
    public bool MayUse(string id, string userId) => !_users.TryGetValue(id, out var owner) || owner == userId;
}
