using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>Starts the resources in the order in which they wait for each other, and stops them in reverse.</summary>
/// <remarks>
/// Guarantee: no process outlives the AppHost. Mechanism: a keeper process owns them (KeeperLink). Failure: a process that dies is reported in one
/// line and is not restarted; a resource that waits for it fails to start. Numbers: stopping takes nine seconds at most (<see cref="StopBudget"/>,
/// and the time to kill).
/// </remarks>
internal sealed class Engine(
    ResourceCollection resources,
    ResourceNotificationService notifications,
    ProcessEnvironment environment,
    HealthWatch health,
    PublicPorts ports,
    ConsoleOutput console,
    Dashboard dashboard,
    IHostApplicationLifetime lifetime) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(8);

    // The time that draining and leaving the registry need. The rest of the budget is for the resources that stop later.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);

    private readonly Dictionary<IResource, List<Instance>> _instances = [];
    private readonly List<Task> _running = []; // one per resource, from waiting to the end of its health watch
    private readonly ConcurrentBag<Task> _watches = []; // one per start of a process, until it has ended
    private readonly CancellationTokenSource _stopping = new();
    private KeeperLink? _keeper;
    private bool _isDisposed;

    private IEnumerable<Instance> AllInstances => _instances.Values.SelectMany(instances => instances);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeper = KeeperLink.Open();
        _running.Add(NoticeKeeperAsync(_keeper));
        dashboard.Start(_keeper);
        foreach (var resource in resources)
        {
            _instances[resource] = [.. Enumerable.Range(0, ReplicasOf(resource)).Select(_ => new Instance(resource))];
            ports.Allocate(resource, _instances[resource]);
        }

        _running.AddRange(resources.Select(RunAsync));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var deadline = Environment.TickCount64 + (long)StopBudget.TotalMilliseconds;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(false);
        foreach (var level in StopLevels.Of(resources))
        {
            var left = TimeSpan.FromMilliseconds(Math.Max(500, deadline - Environment.TickCount64));
            var grace = left < Grace ? left : Grace;
            await Task.WhenAll(level.SelectMany(resource => _instances[resource]).Select(instance => StopAsync(instance, grace))).ConfigureAwait(false);
        }

        await Task.WhenAll(_watches).ConfigureAwait(false);
        if (_keeper is not null)
        {
            await dashboard.StopAsync(_keeper).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return; // the container holds it twice, as itself and as a hosted service
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_keeper is not null)
        {
            await _keeper.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    /// <summary>The instances of a resource, or the one of that name.</summary>
    public IReadOnlyList<Instance> InstancesOf(string name) =>
        [.. AllInstances.Where(instance => Matches(instance.Resource.Name, name) || Matches(instance.Name, name))];

    /// <summary>Starts an instance that does not run.</summary>
    public async Task StartAsync(Instance instance)
    {
        if (instance.Process is { HasEnded: false })
        {
            return;
        }

        if (!_instances[instance.Resource].Any(other => other.IsRunning))
        {
            health.Forget(instance.Resource);
        }

        Publish(instance, KnownResourceStates.Starting);
        try
        {
            var start = await environment.DescribeAsync(instance, _stopping.Token).ConfigureAwait(false);
            var process = instance.Process = new KeptProcess(line => console.Relay(instance, line.Text, line.IsError));
            instance.IsStopping = false;
            instance.Variables = start.Environment;
            _keeper!.Start(process, start);
            instance.Pid = await process.Started.ConfigureAwait(false);
            Publish(instance, KnownResourceStates.Running);
            _watches.Add(WatchAsync(instance, process));
        }
        catch (DistributedApplicationException failure)
        {
            Publish(instance, KnownResourceStates.FailedToStart);
            console.Complain($"{instance.Name} did not start: {failure.Message}");
        }
    }

    /// <summary>Ends an instance, by force after the grace, and returns when it has ended.</summary>
    public Task StopAsync(Instance instance) => StopAsync(instance, Grace);

    private static bool Matches(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static int ReplicasOf(IResource resource) => resource switch
    {
        ProjectResource => resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1,
        ExecutableResource => 1,
        _ => 0,
    };

    private async Task NoticeKeeperAsync(KeeperLink keeper)
    {
        try
        {
            await keeper.Gone.WaitAsync(_stopping.Token).ConfigureAwait(false);
            console.Complain("The process that keeps the others was killed, and they with it.");
            lifetime.StopApplication();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The ordinary end has come first.
        }
    }

    private async Task RunAsync(IResource resource)
    {
        try
        {
            foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
            {
                PublishAll(resource, KnownResourceStates.Waiting);
                await notifications.WaitForResourceHealthyAsync(wait.Resource.Name, _stopping.Token).ConfigureAwait(false);
            }

            await Task.WhenAll(_instances[resource].Select(StartAsync)).ConfigureAwait(false);
            await health.RunAsync(resource, _instances[resource], _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped while waiting: nothing has been started.
        }
        catch (DistributedApplicationException failure)
        {
            PublishAll(resource, KnownResourceStates.FailedToStart);
            console.Complain($"{resource.Name} did not start: {failure.Message}");
        }
    }

    private async Task WatchAsync(Instance instance, KeptProcess process)
    {
        var exitCode = await process.Exited.ConfigureAwait(false);
        instance.ExitCode = exitCode;
        if (instance.Process != process)
        {
            return; // started again meanwhile: the instance's state is now that of the new process
        }

        Publish(instance, exitCode == 0 ? KnownResourceStates.Finished : KnownResourceStates.Exited);
        if (!instance.IsStopping && !_stopping.IsCancellationRequested)
        {
            console.Complain($"{instance.Name} died ({ExitCodes.Describe(exitCode)}). It is not restarted.");
        }
    }

    private async Task StopAsync(Instance instance, TimeSpan grace)
    {
        if (instance.Process is not { HasEnded: false } process)
        {
            return;
        }

        instance.IsStopping = true;
        Publish(instance, KnownResourceStates.Stopping);
        _keeper!.Stop(process, grace);
        await process.Exited.ConfigureAwait(false);
    }

    private void PublishAll(IResource resource, string state) => _instances[resource].ForEach(instance => Publish(instance, state));

    private void Publish(Instance instance, string state)
    {
        instance.State = state;
        notifications.Publish(health.Describe(instance));
    }
}
