using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>One topic's users on this node: how many connections each has, and which of these numbers have been reported.</summary>
/// <remarks>A user whose last connection ends stays for a while, so that a user who comes back at once was never gone. Only one report is under way
/// at a time: <see cref="Take"/>, and then <see cref="Confirm"/> or <see cref="Fail"/>.</remarks>
internal sealed class LocalPresence(Topic topic)
{
    private readonly Lock _gate = new(); // guards everything below
    private readonly Dictionary<string, User> _users = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private bool _isReplaced;
    private bool _isOver;

    public Topic Topic => topic;

    /// <summary>The timestamp at which the last report failed; 0: it did not. Used by the reporting loop only.</summary>
    public long FailedAt { get; set; }

    /// <summary>Notes that a connection of the user has come. Returns false if this object is over, and another has to take its place.</summary>
    public bool TryCome(string userId)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return false;
            }

            Change_NeedsLock(userId, 1, now: 0);
            return true;
        }
    }

    /// <summary>Notes that a connection of the user has gone, at a timestamp.</summary>
    public void Go(string userId, long now)
    {
        lock (_gate)
        {
            Change_NeedsLock(userId, -1, now);
        }
    }

    /// <summary>Called when what is stored may be wrong. The next report names all users.</summary>
    public void ReportAll()
    {
        lock (_gate)
        {
            _isReplaced = true;
        }
    }

    /// <summary>Returns what is due to be reported. Users who left after <paramref name="goneBy"/> may yet come back, and are not due.</summary>
    /// <param name="goneBy">A timestamp.</param>
    /// <param name="most">The most users, unless all are reported.</param>
    /// <param name="isAll">Whether the report has to name all users, and so does.</param>
    /// <param name="isMore">Whether something remains to be reported, now or later.</param>
    public List<PresentUser> Take(long goneBy, int most, out bool isAll, out bool isMore)
    {
        lock (_gate)
        {
            isAll = _isReplaced;
            if (isAll)
            {
                _isReplaced = false;
                _changed.Clear();
                var all = new List<PresentUser>(_users.Count);
                foreach (var (id, user) in _users)
                {
                    if (user.Connections == 0 && IsDue(user, goneBy))
                    {
                        _users.Remove(id); // gone, and so left out
                        continue;
                    }

                    if (user.Connections == 0)
                    {
                        _changed.Add(id); // may yet come back, and until then is reported as here
                    }

                    all.Add(new PresentUser(id, Math.Max(user.Connections, 1)));
                }

                isMore = _changed.Count > 0;
                return all;
            }

            var due = new List<PresentUser>();
            foreach (var id in _changed)
            {
                var user = _users[id];
                if (due.Count < most && IsDue(user, goneBy))
                {
                    due.Add(new PresentUser(id, user.Connections));
                }
            }

            due.ForEach(user => _changed.Remove(user.Id));
            due.RemoveAll(user => !NeedsReport_NeedsLock(user));
            isMore = _changed.Count > 0;
            return due;
        }
    }

    /// <summary>Notes that what was taken has been reported.</summary>
    public void Confirm(List<PresentUser> reported)
    {
        lock (_gate)
        {
            foreach (var (id, connections) in reported)
            {
                if (_users.TryGetValue(id, out var user))
                {
                    user.Reported = connections;
                    if (user is { Connections: 0, Reported: 0 } && !_changed.Contains(id))
                    {
                        _users.Remove(id);
                    }
                }
            }
        }
    }

    /// <summary>Notes that what was taken may or may not have been reported.</summary>
    public void Fail(List<PresentUser> reported, bool wasAll)
    {
        lock (_gate)
        {
            _isReplaced |= wasAll;
            foreach (var (id, _) in reported)
            {
                if (_users.TryGetValue(id, out var user))
                {
                    user.Reported = -1; // unknown
                    _changed.Add(id);
                }
            }
        }
    }

    /// <summary>Ends this object if nobody is left in it and everything has been reported.</summary>
    public bool TryEnd()
    {
        lock (_gate)
        {
            return _isOver = _users.Count == 0 && !_isReplaced;
        }
    }

    private static bool IsDue(User user, long goneBy) => user.Connections > 0 || user.Reported == 0 || user.GoneAt <= goneBy;

    private bool NeedsReport_NeedsLock(PresentUser due)
    {
        if (_users[due.Id].Reported != due.Connections)
        {
            return true;
        }

        if (due.Connections == 0)
        {
            _users.Remove(due.Id); // the user came and went between two reports
        }

        return false;
    }

    private void Change_NeedsLock(string userId, int connections, long now)
    {
        if (!_users.TryGetValue(userId, out var user))
        {
            _users[userId] = user = new User();
        }

        user.Connections += connections;
        user.GoneAt = now;
        _changed.Add(userId);
    }

    private sealed class User
    {
        public long Connections { get; set; }

        /// <summary>The number of connections that was last reported; -1: unknown.</summary>
        public long Reported { get; set; }

        public long GoneAt { get; set; }
    }
}
