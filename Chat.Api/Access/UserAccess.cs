namespace Chat.Api.Access;

/// <summary>A user's connections on this node, by both doors, and the user's sanctions.</summary>
/// <param name="userId">The user.</param>
/// <param name="store">The store of the sanctions.</param>
/// <param name="sanctioned">Called when the user has sanctions.</param>
internal sealed class UserAccess(string userId, RedisSanctions store, Action<UserAccess>? sanctioned = null)
{
    private readonly Lock _gate = new(); // guards the fields below, except _sanctions
    private readonly List<ConnectionAccess> _connections = [];
    private bool _isOver;
    private Task _look = Task.CompletedTask; // the last look that has begun
    private Task? _next; // a look that has not begun, and so will find whatever is written by now
    private volatile UserSanctions _sanctions = UserSanctions.None;

    public string UserId => userId;

    /// <summary>The sanctions as last read. They apply to every connection that was added before the read.</summary>
    public UserSanctions Sanctions => _sanctions;

    /// <summary>Returns false if the last connection has left. Another object then takes this one's place.</summary>
    public bool TryAdd(ConnectionAccess connection)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _connections.Add(connection);
            }

            return !_isOver;
        }
    }

    /// <summary>Whether its last connection has left.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Returns true if it was the last connection.</summary>
    public bool Remove(ConnectionAccess connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            return _isOver = _connections.Count == 0;
        }
    }

    public ConnectionAccess[] Connections()
    {
        lock (_gate)
        {
            return [.. _connections];
        }
    }

    /// <summary>Reads the user's sanctions, and applies them to the connections. Sees every change made before the call.</summary>
    /// <exception cref="Backplane.BackplaneUnavailableException">Redis did not answer; nothing has changed.</exception>
    public Task LookAsync()
    {
        lock (_gate)
        {
            return _next ??= LookAsync(_look);
        }
    }

    /// <summary>Applies the end of sanctions that have run out.</summary>
    public void EndSanctions()
    {
        if (_sanctions is { HasEnded: true } sanctions)
        {
            // Must not overwrite what a look has found meanwhile.
            Interlocked.CompareExchange(ref _sanctions, sanctions.Rest(), sanctions);
            Apply();
        }
    }

    // Looks run one at a time, so that an older answer never replaces a newer one.
    private async Task LookAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
        {
            (_look, _next) = (_next!, null);
        }

        var sanctions = await store.ReadAsync(userId);
        var isNews = !sanctions.IsEmpty || !_sanctions.IsEmpty;
        _sanctions = sanctions;
        if (!sanctions.IsEmpty)
        {
            sanctioned?.Invoke(this);
        }

        if (isNews)
        {
            Apply();
        }
    }

    private void Apply()
    {
        foreach (var connection in Connections())
        {
            connection.ApplySanctions();
        }
    }
}
