using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Admissions;

/// <summary>Places for the connections of a user, cluster-wide.</summary>
internal interface IUserPlaces
{
    /// <summary>Takes a place among a user's connections, cluster-wide.</summary>
    /// <param name="user">The user.</param>
    /// <param name="limit">How many places there are.</param>
    /// <param name="liveNodes">The nodes whose connections count.</param>
    /// <param name="areAll">Whether these are all live nodes, so that the connections of any other node are gone with it.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    /// <returns>Whether a place was taken, and how many are taken then, here and on the nodes named. A node that has died leaves its counts behind, and
    /// a user's share must not be the smaller for them.</returns>
    Task<(Admittance Admittance, int Taken)> AdmitAsync(Topic user, int limit, IReadOnlyCollection<string> liveNodes, bool areAll);

    /// <summary>How many places of a user are taken, here and on the nodes named.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<int> CountConnectionsAsync(Topic user, IReadOnlyCollection<string> liveNodes);

    /// <summary>Gives the place back. While Redis is away, writing this waits until Redis is back.</summary>
    void Release(Topic user);

    /// <summary>Writes counts that could not be written when they changed. Has to be called about once a second.</summary>
    void WriteAgain();
}

/// <summary>Whether a user has a place left. Only <see cref="Granted"/> takes one.</summary>
internal enum Admittance
{
    Refused,
    Granted,

    /// <summary>Refused, unless nodes that were not named are dead. Never the answer if all nodes were named.</summary>
    DependsOnOtherNodes,
}
