using Microsoft.Extensions.Configuration;

namespace AppHost.Publishing;

/// <summary>What publishing makes of the picture in AppHost.cs, for one kind of target. There is no deployment if the cluster is run.</summary>
/// <remarks>These files use nothing but Aspire, because eng/Feed.targets compiles them by themselves before it chooses the packages that publish.</remarks>
internal sealed class Deployment
{
    /// <summary>The port on which nodes and edges listen in their containers.</summary>
    public const int Port = 8080;

    private readonly ProcessSize _node;
    private readonly ProcessSize _edge;
    private readonly int _port;

    private Deployment(DeploymentTarget target, int nodes, int? edges, int? port)
    {
        Target = target;
        _port = port ?? Port;
        _node = new ProcessSize(nodes, Cores: 0.5, MemoryMiB: 1024);
        _edge = new ProcessSize(edges ?? (target == DeploymentTarget.Compose ? 1 : 2), Cores: 0.5, MemoryMiB: 1024);
    }

    public DeploymentTarget Target { get; }

    /// <summary>Whether you provide Redis, with its connection string as a parameter. On these targets, no container can keep the data that it gets.</summary>
    public bool NeedsRedis => Target is DeploymentTarget.ContainerApps or DeploymentTarget.Manifest;

    /// <summary>Adds the target that the setting <c>Target</c> names. Returns null if the cluster is run.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="edges">The number of edges; null: the usual number for the target.</param>
    /// <param name="port">Where clients connect, on a machine of your own.</param>
    /// <exception cref="DistributedApplicationException">The target is unknown, or this feed lacks the package that publishes for it.</exception>
    public static Deployment? Prepare(IDistributedApplicationBuilder builder, int nodes, int? edges, int? port)
    {
        if (!builder.ExecutionContext.IsPublishMode)
        {
            return null;
        }

        var target = Read(builder.Configuration);
        switch (target)
        {
            case DeploymentTarget.Compose when edges > 1:
                throw new DistributedApplicationException("Edges: with Compose there is one edge, since it has the machine's port.");
            case DeploymentTarget.Compose:
                builder.AddCompose();
                break;
            case DeploymentTarget.Kubernetes:
                builder.AddKubernetes();
                break;
            case DeploymentTarget.ContainerApps:
                builder.AddContainerApps();
                break;
        }

        return new Deployment(target, nodes, edges, port);
    }

    public IResourceBuilder<ProjectResource> Node(IResourceBuilder<ProjectResource> nodes) => Process(nodes, _node);

    /// <param name="edge">The edge.</param>
    /// <param name="nodes">The nodes to which it sends clients.</param>
    public IResourceBuilder<ProjectResource> Edge(IResourceBuilder<ProjectResource> edge, IResourceBuilder<ProjectResource> nodes)
    {
        Process(edge, _edge).WithReplicas(_edge.Replicas);
        return Target switch
        {
            // Nothing stands in front of the edge, so headers in which clients say where they come from must not be trusted.
            DeploymentTarget.Compose => edge.DisableForwardedHeaders().PublishToComposePort(_port),

            // Nodes cannot be reached individually.
            DeploymentTarget.ContainerApps or DeploymentTarget.Manifest => edge.WithEnvironment("Edge__Upstream", nodes.GetEndpoint("http")),
            _ => edge,
        };
    }

    public IResourceBuilder<T> Redis<T>(IResourceBuilder<T> redis)
        where T : IComputeResource => Target switch
        {
            DeploymentTarget.Compose => redis.PublishRedisToCompose(),
            DeploymentTarget.Kubernetes => redis.PublishRedisToKubernetes(),
            _ => redis,
        };

    private IResourceBuilder<ProjectResource> Process(IResourceBuilder<ProjectResource> project, ProcessSize size)
    {
        project.WithHttpProbe(ProbeType.Liveness, "/alive").WithHttpProbe(ProbeType.Readiness, "/health", periodSeconds: 2);
        return Target switch
        {
            DeploymentTarget.Compose => project.PublishToCompose(size),
            DeploymentTarget.Kubernetes => project.PublishToKubernetes(size),
            DeploymentTarget.ContainerApps => project.PublishToContainerApps(size),
            _ => project,
        };
    }

    private static DeploymentTarget Read(ConfigurationManager configuration) => configuration["Target"] switch
    {
        "compose" => DeploymentTarget.Compose,
        "kubernetes" => DeploymentTarget.Kubernetes,
        "aca" => DeploymentTarget.ContainerApps,
        null or "" when configuration["Publishing:Publisher"] == "manifest" => DeploymentTarget.Manifest,
        null or "" => throw new DistributedApplicationException("Say what to publish for: --Target=compose, --Target=kubernetes or --Target=aca."),
        var other => throw new DistributedApplicationException($"Target={other}: it must be compose, kubernetes or aca."),
    };
}

internal enum DeploymentTarget
{
    Compose,
    Kubernetes,
    ContainerApps,

    /// <summary>Container Apps, as <c>azd</c> creates them from the manifest.</summary>
    Manifest,
}
