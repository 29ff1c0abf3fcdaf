using Aspire.Hosting.Offline;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Starts, stops and restarts resources while the application runs, and runs their own commands.</summary>
public class ResourceCommandService
{
    private readonly Engine _engine;
    private readonly IServiceProvider _services;
    private readonly ILoggerFactory _loggers;

    internal ResourceCommandService(Engine engine, IServiceProvider services, ILoggerFactory loggers) => (_engine, _services, _loggers) = (engine, services, loggers);

    /// <summary>
    /// Runs <c>resource-start</c>, <c>resource-stop</c>, <c>resource-restart</c> or one of the resource's own commands. The id is the name of a
    /// resource, which includes all its replicas, or of one instance.
    /// </summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var instances = _engine.InstancesOf(resourceId);
        if (instances.Count == 0)
        {
            return CommandResults.Failure($"There is no resource {resourceId}.");
        }

        switch (commandName)
        {
            case "resource-start":
                await Task.WhenAll(instances.Select(_engine.StartAsync)).WaitAsync(cancellationToken).ConfigureAwait(false);
                break;
            case "resource-stop":
                await Task.WhenAll(instances.Select(_engine.StopAsync)).WaitAsync(cancellationToken).ConfigureAwait(false);
                break;
            case "resource-restart":
                await Task.WhenAll(instances.Select(_engine.StopAsync)).WaitAsync(cancellationToken).ConfigureAwait(false);
                await Task.WhenAll(instances.Select(_engine.StartAsync)).WaitAsync(cancellationToken).ConfigureAwait(false);
                break;
            default:
                return await RunOwnAsync(instances, commandName, cancellationToken).ConfigureAwait(false);
        }

        return CommandResults.Success();
    }

    private async Task<ExecuteCommandResult> RunOwnAsync(IReadOnlyList<Instance> instances, string name, CancellationToken cancellationToken)
    {
        if (instances[0].Resource.Annotations.OfType<ResourceCommandAnnotation>().FirstOrDefault(command => command.Name == name) is not { } command)
        {
            return CommandResults.Failure($"There is no command {name}.");
        }

        var results = await Task.WhenAll(instances.Select(instance => command.ExecuteCommand(new ExecuteCommandContext
        {
            Services = _services,
            ResourceName = instance.Name,
            CancellationToken = cancellationToken,
            Logger = _loggers.CreateLogger(instance.Name),
        }))).ConfigureAwait(false);
        return results.FirstOrDefault(result => !result.Success) ?? results[0];
    }
}
