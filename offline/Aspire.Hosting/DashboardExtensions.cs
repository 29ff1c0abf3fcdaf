using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Addresses and commands of resources, for the real package's dashboard. For what the stand-in has instead, see
/// <see cref="Offline.CommandServer"/>.</summary>
public static class DashboardExtensions
{
    /// <summary>Changes an endpoint's own address.</summary>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Action<ResourceUrlAnnotation> callback)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new UrlCallback(endpointName, callback, null));
    }

    /// <summary>Adds a further address to an endpoint.</summary>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Func<EndpointReference, ResourceUrlAnnotation> callback)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new UrlCallback(endpointName, null, callback));
    }

    /// <summary>Adds a command for the resource, or for each of its replicas.</summary>
    public static IResourceBuilder<T> WithCommand<T>(
        this IResourceBuilder<T> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new ResourceCommandAnnotation(name, displayName, executeCommand, commandOptions?.Description));
    }
}
