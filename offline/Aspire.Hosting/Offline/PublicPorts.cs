using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The ports of the resources: the one that others use, and the one that each process listens on.</summary>
/// <remarks>Replicas share a public port through a forwarder; a single process listens on it directly.</remarks>
internal sealed class PublicPorts(EngineOptions options) : IAsyncDisposable
{
    private readonly List<TcpForwarder> _forwarders = [];

    /// <summary>Gives every endpoint of a resource its ports.</summary>
    /// <exception cref="DistributedApplicationException">A port that was asked for is taken.</exception>
    public void Allocate(IResource resource, IReadOnlyList<Instance> instances)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var port = options.IsTest && endpoint.IsProxied ? null : endpoint.Port;
            var isForwarded = endpoint.IsProxied && (instances.Count > 1 || endpoint.TargetPort is not null);
            var publicPort = isForwarded ? Forward(endpoint, port, instances) : port ?? endpoint.TargetPort ?? Ports.TakeFree();
            foreach (var instance in instances)
            {
                instance.TargetPorts[endpoint.Name] = isForwarded ? endpoint.TargetPort ?? Ports.TakeFree() : publicPort;
            }

            endpoint.Allocated.TrySetResult(publicPort);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var forwarder in _forwarders)
        {
            await forwarder.DisposeAsync().ConfigureAwait(false);
        }

        _forwarders.Clear();
    }

    private int Forward(EndpointAnnotation endpoint, int? port, IReadOnlyList<Instance> instances)
    {
        try
        {
            var forwarder = TcpForwarder.Listen(port, () =>
                [.. instances.Where(instance => instance.IsRunning).Select(instance => instance.TargetPorts[endpoint.Name])]);
            _forwarders.Add(forwarder);
            return forwarder.Port;
        }
        catch (SocketException failure)
        {
            throw new DistributedApplicationException($"Port {port} cannot be used: {failure.Message}", failure);
        }
    }
}
