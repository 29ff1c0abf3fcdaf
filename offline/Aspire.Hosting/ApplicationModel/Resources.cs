using System.Collections.ObjectModel;
using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something that a resource carries: an endpoint, a variable, another resource that it waits for.</summary>
public interface IResourceAnnotation;

/// <summary>One part of the application.</summary>
public interface IResource
{
    /// <summary>Lower-case letters, digits and hyphens; unique in the application.</summary>
    string Name { get; }

    /// <summary>Everything that the application model knows about the resource.</summary>
    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A resource's annotations, in the order in which they were added.</summary>
public sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

/// <summary>Takes environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>Takes command line arguments.</summary>
public interface IResourceWithArgs : IResource;

/// <summary>Listens on endpoints.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>Runs somewhere, and so can be deployed.</summary>
public interface IComputeResource : IResource;

/// <summary>Can be probed.</summary>
public interface IResourceWithProbes : IResource;

/// <summary>What a probe finds out.</summary>
public enum ProbeType
{
    /// <summary>Whether it has started.</summary>
    Startup,

    /// <summary>Whether it takes requests.</summary>
    Readiness,

    /// <summary>Whether it has to be restarted.</summary>
    Liveness,
}

/// <summary>Can wait for other resources.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>Its endpoints are passed on as <c>services__{name}__{endpoint}__0</c>.</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

/// <summary>Gives a value that may be known only once the application runs.</summary>
public interface IValueProvider
{
    /// <summary>Returns the value; null if there is none.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
}

/// <summary>Has a connection string, passed on as <c>ConnectionStrings__{name}</c>.</summary>
public interface IResourceWithConnectionString : IResource, IValueProvider
{
    /// <summary>The connection string. It can be read once the endpoints in it are allocated.</summary>
    ReferenceExpression ConnectionStringExpression { get; }

    /// <summary>Returns the connection string.</summary>
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConnectionStringExpression.GetValueAsync(cancellationToken);

    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);
}

/// <summary>What all resources have in common.</summary>
public abstract class Resource(string name) : IResource
{
    /// <inheritdoc/>
    public virtual string Name { get; } = name;

    /// <inheritdoc/>
    public virtual ResourceAnnotationCollection Annotations { get; } = [];
}

/// <summary>A .NET project, run as one process per replica.</summary>
public class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource;

/// <summary>A program, run as one process.</summary>
public class ExecutableResource(string name, string command, string workingDirectory)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport
{
    /// <summary>The program: a path, or a name found on the PATH.</summary>
    public string Command { get; } = command;

    /// <summary>The folder that it runs in.</summary>
    public string WorkingDirectory { get; } = workingDirectory;
}

/// <summary>A connection string under a name of its own.</summary>
public class ConnectionStringResource(string name, ReferenceExpression connectionStringExpression)
    : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport
{
    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression { get; } = connectionStringExpression;
}

/// <summary>A value that is given by whoever runs or deploys the application.</summary>
public class ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false) : Resource(name), IValueProvider
{
    /// <summary>Whether the value must be hidden from onlookers.</summary>
    public bool Secret { get; } = secret;

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(callback(null));
}

/// <summary>A parameter's default value. The stand-in has none.</summary>
public abstract class ParameterDefault;

/// <summary>An endpoint: the port that others use, and the port that the process listens on.</summary>
public sealed class EndpointAnnotation(
    ProtocolType protocol, string? uriScheme = null, string? name = null, int? port = null, int? targetPort = null, bool? isProxied = null)
    : IResourceAnnotation
{
    /// <summary>Always TCP here.</summary>
    public ProtocolType Protocol { get; } = protocol;

    /// <summary>http, tcp and the like.</summary>
    public string UriScheme { get; set; } = uriScheme ?? "tcp";

    /// <summary>Unique in the resource.</summary>
    public string Name { get; } = name ?? uriScheme ?? "tcp";

    /// <summary>The port that others use; null takes any free one.</summary>
    public int? Port { get; set; } = port;

    /// <summary>The port that the process listens on; null takes any free one.</summary>
    public int? TargetPort { get; set; } = targetPort;

    /// <summary>False: the process itself listens on <see cref="Port"/>.</summary>
    public bool IsProxied { get; set; } = isProxied ?? true;

    /// <summary>True if the endpoint is public.</summary>
    public bool IsExternal { get; set; }

    /// <summary>The port that others use, once it is known.</summary>
    internal TaskCompletionSource<int> Allocated { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
