using Chat.Api.Memberships;
using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>A user's hub connections on this node.</summary>
internal sealed class HubUser(Topic topic)
{
    private readonly Lock _gate = new(); // guards _clients and _isOver
    private readonly List<HubClient> _clients = [];
    private bool _isOver;
    private long _comparedAt;

    /// <summary>The user's own.</summary>
    public Topic Topic { get; } = topic;

    /// <summary>When a comparison of all its connections here with its memberships began last, or its first connection came. A look at the
    /// memberships for one connection's sake is none.</summary>
    public long ComparedAt => Volatile.Read(ref _comparedAt);

    public void Compared(long began) => Volatile.Write(ref _comparedAt, began);

    /// <summary>False: the last connection has left, and another user object takes this one's place.</summary>
    public bool TryAdd(HubClient client, long now)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return false;
            }

            _clients.Add(client);
            if (_clients.Count == 1)
            {
                Compared(now);
            }

            return true;
        }
    }

    /// <summary>True: it was the last one.</summary>
    public bool Remove(HubClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
            return _isOver = _clients.Count == 0;
        }
    }

    /// <summary>The groups its connections are in here, and the generation of each.</summary>
    public Dictionary<string, long> Held()
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var member in Clients().SelectMany(client => client.Members).Where(member => member.IsIn))
        {
            held[member.Topic.Topic.Id] = Math.Max(member.Generation, held.GetValueOrDefault(member.Topic.Topic.Id));
        }

        return held;
    }

    /// <summary>Ends what is not in the groups.</summary>
    public void Keep(UserGroups groups)
    {
        foreach (var client in Clients())
        {
            foreach (var member in client.Members)
            {
                if (!groups.Hold(member.Topic.Topic.Id, member.Generation))
                {
                    client.Leave(member);
                }
            }
        }
    }

    /// <summary>Its connections here are told that it leaves a group. Returns how many.</summary>
    public long Mirror(string group, long generation)
    {
        var clients = Clients();
        Array.ForEach(clients, client => client.Mirror(group, generation));
        return clients.Length;
    }

    /// <summary>How many connections there are.</summary>
    public int Count => Clients().Length;

    /// <summary>Its connections here are in the group, too, from the place of the joining on.</summary>
    public Task FollowAsync(GroupJoin join) =>
        Task.WhenAll(Clients().Select(client => client.FollowAsync(join.Group, join.Generation, new LogPosition(join.Epoch, join.Offset))));

    /// <summary>Its connections here are in all these groups; from where on they missed what was said there is not known.</summary>
    public Task FollowAsync(UserGroups groups) => Task.WhenAll(Clients().Select(client => client.FollowAsync(groups)));

    private HubClient[] Clients()
    {
        lock (_gate)
        {
            return [.. _clients];
        }
    }
}
