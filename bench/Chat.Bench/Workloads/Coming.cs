using Chat.Bench.Clients;
using Chat.Bench.Measuring;

namespace Chat.Bench.Workloads;

/// <summary>All of a loop's connections open, a limited number at once.</summary>
internal sealed class Coming(IReadOnlyList<Connection> connections, int atOnce) : ITurn
{
    private static readonly long Patience = Clock.Of(60);

    private long _deadline = Clock.Now + Patience;
    private int _ready;
    private int _next;

    public long? Do(Loop loop, long now)
    {
        (_ready, _deadline) = loop.Counts.Ready is var ready && ready != _ready ? (ready, now + Patience) : (_ready, _deadline);
        while (_next < connections.Count && loop.Opening < atOnce)
        {
            loop.Open(connections[_next++]);
        }

        if (now > _deadline)
        {
            foreach (var connection in loop.Connections.Where(connection => !connection.IsReady))
            {
                connection.End(loop, "Nobody came in for a minute.");
            }

            return null;
        }

        return _next == connections.Count && loop.Opening == 0 ? null : now + (Clock.Second / 1000);
    }
}

/// <summary>All of a loop's connections say goodbye and end.</summary>
internal sealed class Leaving : ITurn
{
    private const int AtOnce = 64; // so that arrivals are not kept waiting

    private static readonly long Patience = Clock.Of(2);

    private readonly long _deadline = Clock.Now + Patience;
    private int _next;

    public long? Do(Loop loop, long now)
    {
        for (var i = 0; i < AtOnce && _next < loop.Connections.Count; i++)
        {
            loop.Connections[_next++].Leave(loop);
        }

        if (now < _deadline && _next < loop.Connections.Count)
        {
            return now;
        }

        if (now < _deadline && loop.Connections.Any(connection => connection.IsOpen))
        {
            return now + (Clock.Second / 200);
        }

        foreach (var connection in loop.Connections)
        {
            connection.End(loop, null);
        }

        return null;
    }
}
