using System.Collections.Concurrent;
using System.Security.Claims;

namespace Chat.Api.Access;

/// <summary>What every connection on this node may do, by user.</summary>
internal sealed class AccessTable(AccessSources sources, RedisSanctions sanctions, AccessRenewals renewals, AccessMetrics metrics, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, UserAccess> _users = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<UserAccess, bool> _sanctioned = new(); // and some against whom nothing is held any more

    public AccessMetrics Metrics => metrics;

    public AccessRenewals Renewals => renewals;

    /// <summary>Whether an answer no longer counts.</summary>
    public bool IsOver(long expiresAt) => expiresAt < long.MaxValue && expiresAt <= time.GetTimestamp();

    public IEnumerable<UserAccess> Users => _users.Select(user => user.Value);

    /// <summary>Those against whom something is held: few, so that looking after them costs nothing where there are many users.</summary>
    /// <remarks>For one reader: it forgets the others.</remarks>
    public IEnumerable<UserAccess> Sanctioned()
    {
        foreach (var (user, _) in _sanctioned)
        {
            if (!IsSanctioned(user))
            {
                _sanctioned.TryRemove(user, out _);
                if (!IsSanctioned(user))
                {
                    continue;
                }

                _sanctioned[user] = true; // a look found something at this moment
            }

            yield return user;
        }
    }

    public UserAccess? Find(string userId) => _users.GetValueOrDefault(userId);

    /// <summary>A connection is about to come. To be disposed of when it has ended.</summary>
    /// <remarks>It is known here before its user's sanctions are read, so that a change either is read or finds it.</remarks>
    /// <exception cref="Backplane.BackplaneUnavailableException">Redis did not answer; it is not let in.</exception>
    public async Task<ConnectionAccess> EnterAsync(string userId, ClaimsPrincipal principal)
    {
        var access = Add(userId, principal);
        try
        {
            await Task.WhenAll(access.User.LookAsync(), access.AskToConnectAsync());
            return access;
        }
        catch
        {
            access.Dispose();
            throw;
        }
    }

    /// <summary>Something is said to have changed about a user outside: what the webhook answered counts no more for those who come.</summary>
    public void Forget(string userId) => sources.Forget(userId);

    /// <summary>The same of everybody.</summary>
    public void ForgetAll() => sources.ForgetAll();

    /// <summary>And for those who are here.</summary>
    public Task AskAgainAsync(UserAccess user)
    {
        sources.Forget(user.UserId);
        return Task.WhenAll(user.Connections().Select(connection => connection.AskAgainAsync()));
    }

    public void Leave(ConnectionAccess connection)
    {
        if (connection.User.Remove(connection))
        {
            _users.TryRemove(new(connection.User.UserId, connection.User));
        }
    }

    private RedisSanctions Store => sanctions;

    private static bool IsSanctioned(UserAccess user) => !user.Sanctions.IsEmpty && !user.IsOver;

    private ConnectionAccess Add(string userId, ClaimsPrincipal principal)
    {
        while (true)
        {
            var user = _users.GetOrAdd(userId, static (id, self) => new UserAccess(id, self.Store, user => self._sanctioned[user] = true), this);
            var access = new ConnectionAccess(user, sources, this, principal);
            if (user.TryAdd(access))
            {
                return access;
            }

            _users.TryRemove(new(userId, user)); // its last connection has just left
        }
    }
}
