using System.Collections.Concurrent;

namespace Chat.Api.Hubs;

/// <summary>Whose each connection of SignalR's own transports is.</summary>
/// <remarks>Guarantee: every request of a connection is of the user whose first request began it. SignalR goes by the id
/// alone: with a token of one's own and the id of somebody else's connection one could write as them and read what is theirs.</remarks>
internal sealed class HubStreamOwners
{
    private readonly ConcurrentDictionary<string, string> _users = new(StringComparer.Ordinal);

    /// <summary>The connection is there, for <paramref name="userId"/>.</summary>
    public void Add(string id, string userId) => _users[id] = userId;

    public void Remove(string id) => _users.TryRemove(id, out _);

    /// <summary>False: there is such a connection, and it is another user's. One that is not there is nobody's.</summary>
    public bool MayUse(string id, string userId) => !_users.TryGetValue(id, out var owner) || owner == userId;
}
