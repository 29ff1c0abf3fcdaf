using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using StackExchange.Redis;

namespace Chat.Api.Admissions;

/// <summary>Decides whether one more connection is admitted: by this node's capacity, and by how many its user has in the whole cluster.</summary>
internal sealed class Admission(ConnectionTable connections, IBackplane backplane, IUserPlaces places, LiveNodes nodes, NodeRegistry registry, NodeDrain drain)
{
    /// <summary>Takes a place for a connection of this user. Returns null if the connection is admitted; <see cref="Leave"/> then has to
    /// follow.</summary>
    public async Task<Refusal?> EnterAsync(string userId)
    {
        if (Busy() is { } busy)
        {
            return busy;
        }

        // Comes first, so that a client that connects all the time costs Redis nothing.
        if (Begin(userId) is { } tooMany)
        {
            return tooMany;
        }

        if (!connections.TryTake())
        {
            return Refusal.NodeFull;
        }

        var refusal = await AdmitAsync(userId);
        if (refusal is not null)
        {
            connections.GiveBack();
        }

        return refusal;
    }

    /// <summary>The reason why no connections are admitted at the moment; null if they are.</summary>
    public Refusal? Busy() => drain.IsDraining ? Refusal.Draining : backplane.IsReady(out _) ? null : Refusal.Unavailable;

    /// <summary>Charges a user for beginning to connect. What each beginning creates is kept for a while, whether or not a connection comes of
    /// it.</summary>
    /// <returns>Null if the user may go on.</returns>
    public Refusal? Begin(string userId)
    {
        if (connections.Users.Of(userId).TryEnter())
        {
            return null;
        }

        connections.Metrics.Refused(nameof(ConnectionOptions.UserEntriesPerSecond));
        return Refusal.TooManyEntries;
    }

    /// <summary>Gives back the place that <see cref="EnterAsync"/> took.</summary>
    public void Leave(string userId)
    {
        if (connections.Options.PerUser > 0)
        {
            places.Release(Topic.User(userId));
        }

        connections.Users.Leave(userId);
        connections.GiveBack();
    }

    private async Task<Refusal?> AdmitAsync(string userId)
    {
        if (connections.Options.PerUser == 0)
        {
            connections.Users.Enter(userId, everywhere: 0);
            return null;
        }

        try
        {
            var (admittance, taken) = await TakePlaceAsync(Topic.User(userId));
            if (admittance == Admittance.Granted)
            {
                connections.Users.Enter(userId, taken);
                return null;
            }

            connections.Metrics.Refused(nameof(ConnectionOptions.PerUser));
            return Refusal.TooManyConnections;
        }
        catch (Exception exception) when (exception is BackplaneUnavailableException or RedisException or TimeoutException)
        {
            return Refusal.Unavailable;
        }
    }

    private async Task<(Admittance Admittance, int Taken)> TakePlaceAsync(Topic user)
    {
        var limit = connections.Options.PerUser;
        var first = await places.AdmitAsync(user, limit, [.. nodes.Nodes.Keys], areAll: false);
        if (first.Admittance != Admittance.DependsOnOtherNodes)
        {
            return first;
        }

        // A node that this one does not know is dead, or so new that news of it is still on its way. The registry tells which. If Redis lost its data
        // and has forgotten nodes, this node's view still has them.
        var listed = await registry.ListAsync();
        return await places.AdmitAsync(user, limit, [.. listed.Select(node => node.Id).Union(nodes.Nodes.Keys)], areAll: true);
    }
}
