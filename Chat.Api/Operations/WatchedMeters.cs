using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Operations;

/// <summary>The node's own metrics, for anyone who looks at it. While nobody looks, nothing listens to them, and they cost nothing.</summary>
internal sealed class WatchedMeters(IMeterFactory meters, TimeProvider time) : IDisposable
{
    /// <summary>How long counting goes on after the last look.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new(); // guards all below
    private Watch? _watch;
    private ITimer? _timer;
    private long _lookedAt;
    private bool _isDisposed;

    public (NodeCounts Counts, double? RoundTripMs) Read()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _lookedAt = time.GetTimestamp();
            _watch ??= new Watch(meters, NowMs);
            _timer ??= time.CreateTimer(_ => EndIfIdle(), null, Patience, Patience);
            return _watch.Read();
        }
    }

    /// <summary>The clock of reports.</summary>
    public long NowMs => (long)time.GetElapsedTime(0).TotalMilliseconds;

    public bool IsListening
    {
        get
        {
            lock (_gate)
            {
                return _watch is not null;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            End_NeedsLock();
        }
    }

    private void EndIfIdle()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_lookedAt) >= Patience)
            {
                End_NeedsLock();
            }
        }
    }

    private void End_NeedsLock()
    {
        _watch?.Dispose();
        _timer?.Dispose();
        (_watch, _timer) = (null, null);
    }

    private sealed class Watch : IDisposable
    {
        private const string RoundTrip = "chat.redis.roundtrip";
        private const string PublishDuration = "chat.publish.duration";

        private readonly MeterListener _listener = new();
        private readonly long _sinceMs;
        private readonly Dictionary<string, Total> _totals = new[]
        {
            "chat.received", "chat.published", "chat.publish.failures", PublishDuration, "chat.delivered", "chat.sent.bytes", "chat.slow_consumers", "chat.holes",
            "chat.refused", RoundTrip,
        }.ToDictionary(static name => name, static _ => new Total());

        public Watch(IMeterFactory meters, long nowMs)
        {
            _sinceMs = nowMs;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                // Only instruments of this node: tests run several nodes in one process.
                if (instrument.Meter.Name == ChatTelemetry.Name && ReferenceEquals(instrument.Meter.Scope, meters) && _totals.TryGetValue(instrument.Name, out var total))
                {
                    listener.EnableMeasurementEvents(instrument, total);
                }
            };
            _listener.SetMeasurementEventCallback<long>(static (_, value, _, total) => Interlocked.Add(ref ((Total)total!).Sum, value));
            _listener.SetMeasurementEventCallback<double>(static (_, value, _, total) => ((Total)total!).AddSeconds(value));
            _listener.Start();
        }

        public (NodeCounts Counts, double? RoundTripMs) Read() => (
            new NodeCounts(
                _sinceMs, Sum("chat.received"), Sum("chat.published"), Sum("chat.publish.failures"), Sum(PublishDuration) / 1000.0, Sum("chat.delivered"),
                Sum("chat.sent.bytes"), Sum("chat.slow_consumers"), Sum("chat.holes"), Sum("chat.refused")),
            Volatile.Read(ref _totals[RoundTrip].Last) is > 0 and var microseconds ? microseconds / 1000.0 : null);

        public void Dispose() => _listener.Dispose();

        private long Sum(string name) => Volatile.Read(ref _totals[name].Sum);
    }

    /// <summary>The total of one metric. Seconds are added up as microseconds, which can be added without a lock.</summary>
    private sealed class Total
    {
        public long Sum;
        public long Last;

        public void AddSeconds(double seconds)
        {
            var microseconds = Math.Max(1, (long)(seconds * 1_000_000));
            Volatile.Write(ref Last, microseconds);
            Interlocked.Add(ref Sum, microseconds);
        }
    }
}
