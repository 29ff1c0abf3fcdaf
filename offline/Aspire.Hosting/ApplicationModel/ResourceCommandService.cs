using Aspire.Hosting.Offline;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Whether a command did what it should.</summary>
public class ExecuteCommandResult
{
    /// <summary>True: done.</summary>
    public required bool Success { get; init; }

    /// <summary>Why not.</summary>
    public string? ErrorMessage { get; init; }
}

/// <summary>Starts, stops and restarts resources while the application runs.</summary>
public class ResourceCommandService
{
    private readonly Engine _engine;

    internal ResourceCommandService(Engine engine) => _engine = engine;

    /// <summary>
    /// Runs <c>resource-start</c>, <c>resource-stop</c> or <c>resource-restart</c> on a resource, all its replicas
    /// included, or on one instance by its name.
    /// </summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var instances = _engine.InstancesOf(resourceId);
        if (instances.Count == 0)
        {
            return new ExecuteCommandResult { Success = false, ErrorMessage = $"There is no resource {resourceId}." };
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
                return new ExecuteCommandResult { Success = false, ErrorMessage = $"There is no command {commandName}." };
        }

        return new ExecuteCommandResult { Success = true };
    }
}
