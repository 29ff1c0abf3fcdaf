namespace Chat.Faults.Checking;

/// <summary>The messages and notices that one client received, in order.</summary>
internal sealed class Reception
{
    private readonly List<Arrival> _arrivals = []; // guards itself

    /// <summary>A copy.</summary>
    public Arrival[] Arrivals
    {
        get
        {
            lock (_arrivals)
            {
                return [.. _arrivals];
            }
        }
    }

    public void Message(string topic, string text, Position? position) => Add(new Arrival(Clock.Now, topic, text, position));

    /// <summary>Records that the client was told that something is missing. The next message is after this position.</summary>
    public void Hole(string topic, Position position) => Add(new Arrival(Clock.Now, topic, null, position));

    private void Add(Arrival arrival)
    {
        lock (_arrivals)
        {
            _arrivals.Add(arrival);
        }
    }
}
