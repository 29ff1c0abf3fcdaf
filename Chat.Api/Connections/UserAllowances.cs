using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Chat.Api.Connections;

/// <summary>The allowances of users who have connections on this node, or had some until recently.</summary>
internal sealed class UserAllowances(ConnectionOptions options, TimeProvider time)
{
    private readonly Lock _gate = new(); // guards the dictionary and the users' counts of connections
    private readonly Dictionary<string, UserAllowance> _users = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<UserAllowance> _low = new();

    /// <summary>For tests and metrics.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _users.Count;
            }
        }
    }

    /// <summary>The user's allowance. It is kept while the user has a connection here, and a little longer.</summary>
    public UserAllowance Of(string userId)
    {
        lock (_gate)
        {
            return Of_NeedsLock(userId);
        }
    }

    /// <summary>Counts one more connection.</summary>
    /// <param name="userId">The connection's user.</param>
    /// <param name="everywhere">The user's connections in the cluster, this one included; 0 if they are not counted.</param>
    public void Enter(string userId, int everywhere)
    {
        lock (_gate)
        {
            var user = Of_NeedsLock(userId);
            user.Connections++;
            user.SetShare(user.Connections, everywhere);
        }
    }

    public void Leave(string userId)
    {
        lock (_gate)
        {
            if (_users.TryGetValue(userId, out var user) && --user.Connections == 0)
            {
                user.LeftAt = time.GetTimestamp();
            }
        }
    }

    /// <summary>Records how many connections a user was found to have in the cluster.</summary>
    public void Learn(UserAllowance user, int everywhere)
    {
        lock (_gate)
        {
            user.SetShare(user.Connections, everywhere);
        }
    }

    /// <summary>The next user whose allowance is being used up, so that it is worth asking for the node's current share.</summary>
    public bool TryTakeLow([NotNullWhen(true)] out UserAllowance? user)
    {
        if (!_low.TryDequeue(out user))
        {
            return false;
        }

        user.Asked();
        return true;
    }

    /// <summary>Forgets users who have been away for so long that their allowance is full again.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (var (userId, user) in _users)
            {
                if (user.Connections == 0 && time.GetElapsedTime(user.LeftAt) >= user.FillTime)
                {
                    _users.Remove(userId);
                }
            }
        }
    }

    private UserAllowance Of_NeedsLock(string userId)
    {
        if (!_users.TryGetValue(userId, out var user))
        {
            user = _users[userId] = new UserAllowance(userId, options, time, _low.Enqueue) { LeftAt = time.GetTimestamp() };
        }

        return user;
    }
}
