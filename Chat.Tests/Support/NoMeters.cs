using System.Diagnostics.Metrics;

namespace Chat.Tests.Support;

/// <summary>Meters that nobody listens to.</summary>
internal sealed class NoMeters : IMeterFactory
{
    public static readonly NoMeters Instance = new();

    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
        // Nothing is kept.
    }
}
