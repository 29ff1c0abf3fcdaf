using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Checks every running resource, and publishes changes of its health.</summary>
internal sealed class HealthWatch(
    HealthCheckService checks, ResourceNotificationService notifications, IServiceProvider services, TimeProvider time)
{
    // Somebody waits for the first good answer. After that, only changes matter.
    private static readonly TimeSpan WhileStarting = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<IResource, HealthStatus> _health = new();

    /// <summary>Watches one resource until it is canceled. A resource without processes is healthy at once.</summary>
    public async Task RunAsync(IResource resource, IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        var keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key).ToHashSet();
        var isReady = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var isUp = instances.Count == 0 || instances.Any(instance => instance.IsRunning);
            var status = !isUp ? HealthStatus.Unhealthy : await CheckAsync(keys, cancellationToken).ConfigureAwait(false);
            PublishChange(resource, instances, status);
            if (!isReady && status == HealthStatus.Healthy)
            {
                isReady = true;
                await TellReadyAsync(resource, cancellationToken).ConfigureAwait(false);
            }

            if (instances.Count == 0 || !instances.Any(instance => instance.Process is not null))
            {
                return; // nothing that could change
            }

            await Task.Delay(status == HealthStatus.Healthy ? WhileHealthy : WhileStarting, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Forgets the health of processes that have ended, so that nobody who waits takes it for that of the new ones.</summary>
    public void Forget(IResource resource) => _health.TryRemove(resource, out _);

    /// <summary>Returns what is known about an instance now.</summary>
    public ResourceEvent Describe(Instance instance) => new(instance.Resource, instance.Name, new CustomResourceSnapshot
    {
        ResourceType = instance.Resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
        State = instance.State,
        ExitCode = instance.ExitCode,
        HealthStatus = instance.IsRunning && _health.TryGetValue(instance.Resource, out var health) ? health : null,
        Properties = instance.Pid is { } pid ? [new ResourcePropertySnapshot("executable.pid", pid)] : [],
        EnvironmentVariables = [.. instance.Variables.Select(variable => new EnvironmentVariableSnapshot(variable.Key, variable.Value, IsFromSpec: true))],
        Urls = instance.IsRunning ? [.. UrlsOf(instance.Resource)] : [],
    });

    private static IEnumerable<UrlSnapshot> UrlsOf(IResource resource)
    {
        if (resource is not IResourceWithEndpoints owner)
        {
            yield break;
        }

        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var reference = new EndpointReference(owner, endpoint.Name);
            var own = new ResourceUrlAnnotation { Url = reference.Url, Endpoint = reference };
            var callbacks = resource.Annotations.OfType<UrlCallback>().Where(callback => callback.EndpointName == endpoint.Name).ToList();
            callbacks.ForEach(callback => callback.Change?.Invoke(own));
            foreach (var url in callbacks.Select(callback => callback.Make?.Invoke(reference)).OfType<ResourceUrlAnnotation>().Prepend(own))
            {
                yield return new UrlSnapshot(endpoint.Name, new Uri(new Uri(reference.Url), url.Url).ToString().TrimEnd('/'), IsInternal: false)
                {
                    DisplayProperties = new UrlDisplayPropertiesSnapshot(url.DisplayText ?? ""),
                };
            }
        }
    }

    private static ResourceEvent DescribeWithoutProcess(IResource resource, HealthStatus status) => new(resource, resource.Name, new CustomResourceSnapshot
    {
        ResourceType = resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
        State = KnownResourceStates.Running,
        HealthStatus = status,
        Properties = [],
    });

    private async Task<HealthStatus> CheckAsync(HashSet<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
        {
            return HealthStatus.Healthy; // it runs, and there are no checks
        }

        var report = await checks.CheckHealthAsync(check => keys.Contains(check.Name), cancellationToken).ConfigureAwait(false);
        return report.Status;
    }

    private void PublishChange(IResource resource, IReadOnlyList<Instance> instances, HealthStatus status)
    {
        if (_health.TryGetValue(resource, out var before) && before == status)
        {
            return;
        }

        _health[resource] = status;
        if (instances.Count == 0)
        {
            notifications.Publish(DescribeWithoutProcess(resource, status));
        }

        foreach (var instance in instances)
        {
            notifications.Publish(Describe(instance));
        }
    }

    private async Task TellReadyAsync(IResource resource, CancellationToken cancellationToken)
    {
        foreach (var ready in resource.Annotations.OfType<ReadyAnnotation>())
        {
            await ready.OnReadyAsync(resource, new ResourceReadyEvent(resource, services), cancellationToken).ConfigureAwait(false);
        }
    }
}
