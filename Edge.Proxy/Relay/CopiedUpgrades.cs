namespace Edge.Proxy.Relay;

/// <summary>The WebSockets that YARP copies at the moment, by node.</summary>
internal sealed class CopiedUpgrades
{
    private readonly Lock _gate = new(); // guards _upgrades, and keeps each request in it from ending while it is aborted
    private readonly Dictionary<string, HashSet<CopiedUpgrade>> _upgrades = [];

    /// <summary>The nodes that have such WebSockets.</summary>
    public IReadOnlyList<string> Nodes()
    {
        lock (_gate)
        {
            return [.. _upgrades.Keys];
        }
    }

    public void Add(string node, CopiedUpgrade upgrade)
    {
        lock (_gate)
        {
            if (!_upgrades.TryGetValue(node, out var some))
            {
                _upgrades.Add(node, some = []);
            }

            some.Add(upgrade);
        }
    }

    public void Remove(string node, CopiedUpgrade upgrade)
    {
        lock (_gate)
        {
            if (_upgrades.TryGetValue(node, out var some) && some.Remove(upgrade) && some.Count == 0)
            {
                _upgrades.Remove(node);
            }
        }
    }

    /// <summary>Cuts off clients of a node.</summary>
    /// <param name="node">The node's id.</param>
    /// <param name="most">How many clients, at most.</param>
    /// <returns>How many.</returns>
    public int CutOff(string node, int most)
    {
        lock (_gate)
        {
            CopiedUpgrade[] some = [.. _upgrades.GetValueOrDefault(node, []).Where(static upgrade => !upgrade.IsCutOff).Take(most)];
            Array.ForEach(some, static upgrade => upgrade.CutOff());
            return some.Length;
        }
    }
}
