using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every instance of every resource, and how to wait for one.</summary>
public class ResourceNotificationService
{
    private readonly Lock _gate = new(); // guards both collections, so that a watcher misses nothing and sees nothing twice
    private readonly Dictionary<string, ResourceEvent> _latest = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Channel<ResourceEvent>> _watchers = [];

    /// <summary>Returns every instance as it is now, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var events = Channel.CreateUnbounded<ResourceEvent>();
        lock (_gate)
        {
            foreach (var latest in _latest.Values)
            {
                events.Writer.TryWrite(latest);
            }

            _watchers.Add(events);
        }

        try
        {
            await foreach (var change in events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers.Remove(events);
            }
        }
    }

    /// <summary>Gets an instance as it is now, by its name.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_gate)
        {
            return _latest.TryGetValue(resourceId, out resourceEvent);
        }
    }

    /// <summary>Returns when an instance of the resource matches.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var change in WatchAsync(cancellationToken).ConfigureAwait(false))
        {
            if (string.Equals(change.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(change))
            {
                return change;
            }
        }

        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>Returns when an instance of the resource is in that state.</summary>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(
            resourceName, change => change.Snapshot.State?.Text == (targetState ?? KnownResourceStates.Running), cancellationToken);

    /// <summary>Returns when the resource runs and its health checks succeed. Fails if the resource ends before that.</summary>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var change = await WaitForResourceAsync(
            resourceName, change => IsHealthy(change) || HasEnded(change.Resource), cancellationToken).ConfigureAwait(false);
        return IsHealthy(change)
            ? change
            : throw new DistributedApplicationException($"{resourceName} will not become healthy: it is {change.Snapshot.State?.Text}.");
    }

    internal void Publish(ResourceEvent change)
    {
        lock (_gate)
        {
            _latest[change.ResourceId] = change;
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(change);
            }
        }
    }

    private static bool IsHealthy(ResourceEvent change) => change.Snapshot.HealthStatus == HealthStatus.Healthy;

    // A resource has not ended because one replica is dead.
    private bool HasEnded(IResource resource)
    {
        lock (_gate)
        {
            return _latest.Values.Where(latest => latest.Resource == resource)
                .All(latest => latest.Snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text));
        }
    }
}
