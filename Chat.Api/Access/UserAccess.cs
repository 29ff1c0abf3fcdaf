namespace Chat.Api.Access;

/// <summary>A user's connections on this node, of both doors, and the user's sanctions.</summary>
/// <param name="userId">Whose.</param>
/// <param name="store">Where the sanctions are.</param>
/// <param name="sanctioned">Told when there are some.</param>
internal sealed class UserAccess(string userId, RedisSanctions store, Action<UserAccess>? sanctioned = null)
{
    private readonly Lock _gate = new(); // guards what follows, but for _sanctions
    private readonly List<ConnectionAccess> _connections = [];
    private bool _isOver;
    private Task _look = Task.CompletedTask; // the last that has begun
    private Task? _next; // has not begun, and so finds whatever is written by now
    private volatile UserSanctions _sanctions = UserSanctions.None;

    public string UserId => userId;

    /// <summary>As last read. A connection that is added before that holds to it from then on.</summary>
    public UserSanctions Sanctions => _sanctions;

    /// <summary>False: the last connection has left, and another object takes this one's place.</summary>
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

    /// <summary>True: it was the last one.</summary>
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

    /// <summary>Reads the user's sanctions, and applies them to the connections. What was changed before the call is seen.</summary>
    /// <exception cref="Backplane.BackplaneUnavailableException">Redis did not answer; all is as before.</exception>
    public Task LookAsync()
    {
        lock (_gate)
        {
            return _next ??= LookAsync(_look);
        }
    }

    /// <summary>Applies that some have ended.</summary>
    public void EndSanctions()
    {
        if (_sanctions is { HasEnded: true } sanctions)
        {
            // Not over what a look has found meanwhile.
            Interlocked.CompareExchange(ref _sanctions, sanctions.Rest(), sanctions);
            Apply();
        }
    }

    // One at a time, so that an older answer never replaces a newer one.
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
