namespace Chat.Api.Redis.Resp;

/// <summary>Servers of a Redis Cluster beside those in the settings, as they name each other. Links that may go to any server try them last: those in
/// the settings may be gone, or be replicas by now.</summary>
internal sealed class FurtherServers
{
    private readonly Lock _gate = new(); // guards who writes _all
    private volatile (string Host, int Port)[] _all = [];

    public IReadOnlyList<(string Host, int Port)> All => _all;

    public void Add((string Host, int Port) server)
    {
        lock (_gate)
        {
            _all = _all.Contains(server) ? _all : [.. _all, server];
        }
    }

    /// <summary>These are all that there are now.</summary>
    public void Set(IEnumerable<(string Host, int Port)> servers)
    {
        lock (_gate)
        {
            _all = [.. servers];
        }
    }
}
