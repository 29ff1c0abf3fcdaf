using AppHost.Publishing;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost;

/// <summary>The Redis of the cluster.</summary>
/// <param name="Kind">garnet, container or external, for the ready line.</param>
/// <param name="Connection">How nodes and edge reach it.</param>
/// <param name="Process">What has to be healthy before they start; null if the AppHost does not run it.</param>
internal sealed partial record RedisServer(
    string Kind, IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource>? Process)
{
    /// <summary>The one resource whose connection string nodes and edge look for.</summary>
    public const string Name = "redis";

    /// <summary>False if the feed lacks Aspire.Hosting.Redis.</summary>
    public static bool HasContainers
    {
        get
        {
            var has = false;
            TellContainers(ref has);
            return has;
        }
    }

    public static RedisServer Add(IDistributedApplicationBuilder builder, RedisSettings settings, Deployment? deployment)
    {
        if (settings.External is not null || deployment?.NeedsRedis == true)
        {
            return new RedisServer("external", builder.AddConnectionString(Name), Process: null);
        }

        RedisServer? container = null;
        if (settings.Server != "garnet")
        {
            TryAddContainer(builder, settings, deployment, ref container);
        }

        return container ?? AddGarnet(builder, settings);
    }

    // Both are implemented in RedisServer.Container.cs, which is compiled if Aspire.Hosting.Redis can be restored.
    static partial void TellContainers(ref bool has);

    static partial void TryAddContainer(IDistributedApplicationBuilder builder, RedisSettings settings, Deployment? deployment, ref RedisServer? redis);

    private static RedisServer AddGarnet(IDistributedApplicationBuilder builder, RedisSettings settings)
    {
        // It has a port of its own, not one behind the orchestrator's proxy: a proxy accepts connections even when Redis is gone, and costs every
        // message a detour.
        var port = settings.Port == 0 ? LocalPort.FindFree() : settings.Port;
        var garnet = builder.AddExecutable("garnet", GarnetServer.Command, builder.AppHostDirectory, GarnetServer.Arguments(builder.AppHostDirectory, settings, port))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithHealthCheck("garnet");
        foreach (var (name, value) in GarnetServer.Runtime)
        {
            garnet.WithEnvironment(name, value);
        }

        builder.Services.AddHealthChecks().AddCheck("garnet", new RedisHealthCheck(port));
        var endpoint = garnet.GetEndpoint("tcp");
        var connection = builder.AddConnectionString(Name, ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.HostAndPort)}"));
        return new RedisServer("garnet", connection, garnet);
    }
}
