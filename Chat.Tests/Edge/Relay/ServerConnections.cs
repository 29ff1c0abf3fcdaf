using System.Diagnostics.Metrics;

namespace Chat.Tests.Edge.Relay;

/// <summary>Counts the server's connections by the server's own metrics.</summary>
internal sealed class ServerConnections : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _begun;
    private int _open;

    public ServerConnections(IMeterFactory ofTheEdge)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "kestrel.active_connections" && instrument.Meter.Scope == ofTheEdge)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, change, _, _) =>
        {
            Interlocked.Add(ref _open, (int)change);
            if (change > 0)
            {
                Interlocked.Increment(ref _begun);
            }
        });
        _listener.Start();
    }

    public int Begun => Volatile.Read(ref _begun);

    public int Open => Volatile.Read(ref _open);

    public void Dispose() => _listener.Dispose();
}
