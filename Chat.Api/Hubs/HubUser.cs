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

    /// <summary>The topic of the user's own messages.</summary>
    public Topic Topic { get; } = topic;

    /// <summary>When the last comparison of all the user's connections here with the user's memberships began, or when the first connection came. A
    /// look at the memberships for a single connection does not count.</summary>
    public long ComparedAt => Volatile.Read(ref _comparedAt);

    public void Compared(long began) => Volatile.Write(ref _comparedAt, began);

    /// <summary>The timestamp at which the last comparison failed; 0: it did not. Used by the comparing loop only.</summary>
    public long FailedAt { get; set; }

    /// <summary>Returns false if the last connection has left. Another user object then takes this one's place.</summary>
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

    /// <summary>Returns true if it was the last connection.</summary>
    public bool Remove(HubClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
            return _isOver = _clients.Count == 0;
        }
    }

    /// <summary>The groups that the user's connections here are in, and the generation of each.</summary>
    public Dictionary<string, long> Held()
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var member in Clients().SelectMany(client => client.Members).Where(member => member.IsIn))
        {
            held[member.Topic.Topic.Id] = Math.Max(member.Generation, held.GetValueOrDefault(member.Topic.Topic.Id));
        }

        return held;
    }

    /// <summary>Takes the user's connections here out of groups that are not among <paramref name="groups"/>.</summary>
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

    /// <summary>Tells the user's connections here that the user leaves a group. Returns the number of these connections.</summary>
    public long Mirror(string group, long generation)
    {
        var clients = Clients();
        Array.ForEach(clients, client => client.Mirror(group, generation));
        return clients.Length;
    }

    /// <summary>The number of connections.</summary>
    public int Count => Clients().Length;

    /// <summary>Puts the user's connections here into the group, too, from the position of the joining on.</summary>
    public Task FollowAsync(GroupJoin join) =>
        Task.WhenAll(Clients().Select(client => client.FollowAsync(join.Group, join.Generation, new LogPosition(join.Epoch, join.Offset))));

    /// <summary>Puts the user's connections here into all these groups. It is unknown from which positions on they have missed messages.</summary>
    public Task FollowAsync(UserGroups groups) => Task.WhenAll(Clients().Select(client => client.FollowAsync(groups)));

    private HubClient[] Clients()
    {
        lock (_gate)
        {
            return [.. _clients];
        }
    }
}
