using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Whether a command did what it should.</summary>
public class ExecuteCommandResult
{
    /// <summary>Whether the command succeeded.</summary>
    public required bool Success { get; init; }

    /// <summary>What the command achieved, or why it failed.</summary>
    public string? Message { get; init; }
}

/// <summary>Creates results.</summary>
public static class CommandResults
{
    /// <summary>The command succeeded.</summary>
    public static ExecuteCommandResult Success() => new() { Success = true };

    /// <summary>The command succeeded, and has a message.</summary>
    public static ExecuteCommandResult Success(string message) => new() { Success = true, Message = message };

    /// <summary>The command failed.</summary>
    public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, Message = errorMessage };
}

/// <summary>What a command can use.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>The name of the instance.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Canceled when the caller has gone.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The instance's logger.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>How a command is shown. The stand-in shows only the description.</summary>
public class CommandOptions
{
    /// <summary>What it does.</summary>
    public string? Description { get; set; }

    /// <summary>The question that is asked first.</summary>
    public string? ConfirmationMessage { get; set; }

    /// <summary>The name of an icon of Fluent UI.</summary>
    public string? IconName { get; set; }
}

/// <summary>A command of a resource.</summary>
public sealed class ResourceCommandAnnotation(string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, string? displayDescription) : IResourceAnnotation
{
    /// <summary>Unique in the resource.</summary>
    public string Name { get; } = name;

    /// <summary>The name that people read.</summary>
    public string DisplayName { get; } = displayName;

    /// <summary>Executes the command.</summary>
    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand { get; } = executeCommand;

    /// <summary>What the command does.</summary>
    public string? DisplayDescription { get; } = displayDescription;
}
