namespace Chat.Api.Redis.Resp;

/// <summary>The servers of a Redis Cluster besides those in the settings, as the cluster names them. Links that may go to any server try
/// these last. They are needed because the servers in the settings may be gone, or be replicas by now.</summary>
internal sealed class FurtherServers
{
    private readonly Lock _gate = new(); // guards the writing of _all
    private volatile (string Host, int Port)[] _all = [];

    public IReadOnlyList<(string Host, int Port)> All => _all;

    public void Add((string Host, int Port) server)
    {
        lock (_gate)
        {
            _all = _all.Contains(server) ? _all : [.. _all, server];
        }
    }

    /// <summary>Replaces the list: these are all the servers now.</summary>
    public void Set(IEnumerable<(string Host, int Port)> servers)
    {
        lock (_gate)
        {
            _all = [.. servers];
        }
    }
}
