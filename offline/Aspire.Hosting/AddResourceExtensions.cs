using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Adds resources of each kind.</summary>
public static class AddResourceExtensions
{
    /// <summary>Adds a project of this solution.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, launchProfileName: null);

    /// <summary>Adds a project of this solution. Launch profiles are not read: the project has only the endpoints that are added.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        return launchProfileName is null
            ? builder.AddResource(new ProjectResource(name)).WithAnnotation(new ProjectAnnotation(new TProject()))
            : throw new NotSupportedException("The stand-in does not read launch profiles: pass launchProfileName: null.");
    }

    /// <summary>Tells a deployment not to trust forwarded headers. The stand-in deploys nothing.</summary>
    public static IResourceBuilder<ProjectResource> DisableForwardedHeaders(this IResourceBuilder<ProjectResource> builder) => builder;

    /// <summary>Runs the project as this many processes, behind one public port.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(replicas);
        return builder.WithAnnotation(new ReplicaAnnotation(replicas));
    }

    /// <summary>Adds a program.</summary>
    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder, string name, string command, string workingDirectory, params string[]? args)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var directory = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, workingDirectory));
        return builder.AddResource(new ExecutableResource(name, command, directory)).WithArgs(args ?? []);
    }

    /// <summary>Adds a connection string made of other resources' endpoints.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddResource(new ConnectionStringResource(name, connectionStringExpression));
    }

    /// <summary>Adds a connection string from the configuration: <c>ConnectionStrings:{name}</c>.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (environmentVariableName is not null)
        {
            throw new NotSupportedException("The stand-in passes connection strings on as ConnectionStrings__{name} only.");
        }

        var value = builder.Configuration.GetConnectionString(name);
        return string.IsNullOrEmpty(value)
            ? throw new DistributedApplicationException(string.Create(CultureInfo.InvariantCulture, $"Set ConnectionStrings:{name}."))
            : builder.AddResource(new ConnectionStringResource(name, ReferenceExpression.Create($"{value}")));
    }
}
