namespace Chat.Api.Connections;

/// <summary>How much one user may still send through this node, shared by all connections the user has here.</summary>
/// <remarks>
/// The allowance is for the whole cluster. A node's share of it is its share of the user's connections. The node learns how many
/// connections there are elsewhere when one comes; for users whose allowance is being used up, it asks again once a second
/// (<c>Admissions/UserShares.cs</c>). So no message costs a query, and users far below their limits cost none at all.
/// </remarks>
internal sealed class UserAllowance(string userId, ConnectionOptions options, TimeProvider time, Action<UserAllowance> onLow)
{
    private readonly Lock _gate = new(); // guards everything below: connections of a user are read on several threads
    private TokenBucket _messages = new(options.UserMessagesPerSecond, options.UserMessageBurst, time);
    private TokenBucket _bytes = new(options.UserBytesPerSecond, options.UserByteBurst, time);
    private TokenBucket _topics = new(options.UserTopicsPerSecond, options.UserTopicBurst, time);
    private TokenBucket _entries = new(options.UserEntriesPerSecond, options.UserEntryBurst, time);
    private double _share = 1;
    private bool _isToBeAsked;

    public string UserId => userId;

    /// <summary>The user's connections here. Guarded by <see cref="UserAllowances"/>.</summary>
    public int Connections { get; set; }

    /// <summary>When the last connection went. Guarded by <see cref="UserAllowances"/>.</summary>
    public long LeftAt { get; set; }

    /// <summary>After this long without a connection, the allowance is full again and can be forgotten. If it were forgotten earlier, a
    /// user who reconnects would get a new burst each time.</summary>
    public TimeSpan FillTime => new[] { _messages.FillTime, _bytes.FillTime, _topics.FillTime, _entries.FillTime }.Max();

    /// <summary>This node's share of the allowance, greater than 0 and at most 1.</summary>
    public double Share
    {
        get
        {
            lock (_gate)
            {
                return _share;
            }
        }
    }

    /// <summary>Takes both, or neither.</summary>
    public Excess Take(int messages, int bytes)
    {
        lock (_gate)
        {
            if (!_messages.Has(messages, _share))
            {
                return Excess.UserMessages;
            }

            if (!_bytes.Has(bytes, _share))
            {
                return Excess.UserBytes;
            }

            _messages.Take(messages);
            _bytes.Take(bytes);
            if (!_isToBeAsked && (_messages.IsLow(_share) || _bytes.IsLow(_share)))
            {
                _isToBeAsked = true;
                onLow(this);
            }

            return Excess.None;
        }
    }

    /// <summary>Takes one topic that this node does not know. This limit is each node's own, without a share: a device that comes back
    /// needs all of its groups at once.</summary>
    public Excess TakeTopic()
    {
        lock (_gate)
        {
            return _topics.TryTake() ? Excess.None : Excess.UserTopics;
        }
    }

    /// <summary>Takes the entry of a new connection. This limit is each node's own, too, for the same reason.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            return _entries.TryTake();
        }
    }

    /// <summary>Takes the further entries of a connection that was let in, one per topic into which it is put: their number is known only
    /// then. It may exceed what is left; then the next connection waits until that has flowed in.</summary>
    public void Enter(int topics)
    {
        lock (_gate)
        {
            _entries.Take(topics);
        }
    }

    /// <param name="here">The user's connections on this node.</param>
    /// <param name="everywhere">Those in the cluster, as far as this node knows.</param>
    public void SetShare(int here, int everywhere)
    {
        lock (_gate)
        {
            _share = here > 0 && everywhere > here ? (double)here / everywhere : 1;
        }
    }

    /// <summary>Makes the allowance report again when it gets low.</summary>
    public void Asked()
    {
        lock (_gate)
        {
            _isToBeAsked = false;
        }
    }
}
