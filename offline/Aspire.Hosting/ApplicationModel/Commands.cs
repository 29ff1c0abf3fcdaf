using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Whether a command did what it should.</summary>
public class ExecuteCommandResult
{
    /// <summary>True: done.</summary>
    public required bool Success { get; init; }

    /// <summary>What there is to say: what came of it, or why it is not done.</summary>
    public string? Message { get; init; }
}

/// <summary>Makes results.</summary>
public static class CommandResults
{
    /// <summary>It is done.</summary>
    public static ExecuteCommandResult Success() => new() { Success = true };

    /// <summary>It is done, and there is something to say.</summary>
    public static ExecuteCommandResult Success(string message) => new() { Success = true, Message = message };

    /// <summary>It is not done.</summary>
    public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, Message = errorMessage };
}

/// <summary>What a command has at hand.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>The instance.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The caller has gone.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The resource's.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>How a command is shown. The stand-in shows its description only.</summary>
public class CommandOptions
{
    /// <summary>What it does.</summary>
    public string? Description { get; set; }

    /// <summary>Asked before.</summary>
    public string? ConfirmationMessage { get; set; }

    /// <summary>Of Fluent UI's.</summary>
    public string? IconName { get; set; }
}

/// <summary>Something that can be done with a resource.</summary>
public sealed class ResourceCommandAnnotation(string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, string? displayDescription) : IResourceAnnotation
{
    /// <summary>Unique in the resource.</summary>
    public string Name { get; } = name;

    /// <summary>What people read.</summary>
    public string DisplayName { get; } = displayName;

    /// <summary>Does it.</summary>
    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand { get; } = executeCommand;

    /// <summary>What it does.</summary>
    public string? DisplayDescription { get; } = displayDescription;
}
