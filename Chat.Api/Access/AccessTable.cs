using System.Collections.Concurrent;
using System.Security.Claims;

namespace Chat.Api.Access;

/// <summary>What every connection on this node may do, by user.</summary>
internal sealed class AccessTable(AccessSources sources, RedisSanctions sanctions, AccessRenewals renewals, AccessMetrics metrics, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, UserAccess> _users = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<UserAccess, bool> _sanctioned = new(); // and some users who no longer have sanctions

    public AccessMetrics Metrics => metrics;

    public AccessRenewals Renewals => renewals;

    public long Now => time.GetTimestamp();

    /// <summary>Whether an answer no longer counts.</summary>
    public bool IsOver(long expiresAt) => expiresAt < long.MaxValue && expiresAt <= Now;

    public IEnumerable<UserAccess> Users => _users.Select(user => user.Value);

    /// <summary>The users with sanctions. They are few, so that watching them costs nothing even with many users.</summary>
    /// <remarks>For a single reader: it removes users without sanctions.</remarks>
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

                _sanctioned[user] = true; // a look has just found a sanction
            }

            yield return user;
        }
    }

    public UserAccess? Find(string userId) => _users.GetValueOrDefault(userId);

    /// <summary>Called when a connection is about to come. The result is to be disposed of when the connection has ended.</summary>
    /// <remarks>The connection is known here before its user's sanctions are read. So a change is either read, or finds the connection.</remarks>
    /// <exception cref="Backplane.BackplaneUnavailableException">Redis did not answer; the connection is not let in.</exception>
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

    /// <summary>Forgets the webhook's answers about a user of whom something is said to have changed outside. This affects connections that come from
    /// now on.</summary>
    public void Forget(string userId) => sources.Forget(userId);

    /// <summary>Does the same for all users.</summary>
    public void ForgetAll() => sources.ForgetAll();

    /// <summary>Does the same for one user, and has the user's open connections ask anew.</summary>
    public void AskAgain(UserAccess user)
    {
        sources.Forget(user.UserId);
        foreach (var connection in user.Connections())
        {
            connection.AskAgain();
        }
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
