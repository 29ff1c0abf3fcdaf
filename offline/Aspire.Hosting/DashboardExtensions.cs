using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>What the dashboard of the real one shows of resources and can do with them; see <see cref="Offline.CommandServer"/>.</summary>
public static class DashboardExtensions
{
    /// <summary>Changes the address that an endpoint has anyway.</summary>
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

    /// <summary>Adds something that can be done with the resource, or with each of its replicas.</summary>
    public static IResourceBuilder<T> WithCommand<T>(
        this IResourceBuilder<T> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new ResourceCommandAnnotation(name, displayName, executeCommand, commandOptions?.Description));
    }
}
